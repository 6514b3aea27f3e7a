/* Whether files are as they were written. */
#include "native.h"

#include <string.h>

/* FNV-1a's numbers, with words of 8 bytes in place of bytes, and four sums side by side: a word waits for nothing but the fourth before it. */
static const uint64_t OFFSET = 0xcbf29ce484222325, PRIME = 0x100000001b3;
enum { LANES = 4 };

/* Each step can be undone, so two texts that differ in one word differ in what comes out. */
static uint64_t add_word(uint64_t sum, uint64_t word) {
  sum = (sum ^ word) * PRIME;
  return sum ^ sum >> 32;
}

static uint64_t word_at(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

static uint64_t add_bytes(uint64_t sum, const uint8_t *bytes, size_t length) {
  uint64_t lanes[LANES], word = 0;
  size_t left = length;
  for (size_t lane = 0; lane < LANES; lane++) lanes[lane] = OFFSET + lane;
  for (; left >= sizeof lanes; left -= sizeof lanes, bytes += sizeof lanes) {
    for (size_t lane = 0; lane < LANES; lane++) lanes[lane] = add_word(lanes[lane], word_at(bytes + lane * sizeof word));
  }
  for (size_t lane = 0; lane < LANES; lane++) sum = add_word(sum, lanes[lane]);
  for (; left >= sizeof word; left -= sizeof word, bytes += sizeof word) sum = add_word(sum, word_at(bytes));
  for (; left > 0; left--) word = word << 8 | bytes[left - 1];
  return add_word(add_word(sum, word), length);
}

napi_value checksum(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  size_t given = 4;
  uint64_t sum = OFFSET;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  for (size_t i = 0; i < given && i < 4; i++) {
    void *bytes;
    size_t length;
    napi_typedarray_type type;
    if (napi_get_typedarray_info(env, arguments[i], &type, &length, &bytes, NULL, NULL) != napi_ok ||
        type != napi_uint8_array) {
      napi_throw_type_error(env, NULL, "cannot add up: an argument is not a Uint8Array");
      return NULL;
    }
    sum = add_bytes(sum, bytes, length);
  }
  /* As much as a number holds exactly. */
  return integer_value(env, (int64_t)(sum >> 11));
}
