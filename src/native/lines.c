/* The hot loop of the log path. What it makes is what test/rig/formatted-lines.ts makes in TypeScript. */
#include "native.h"

#include <string.h>

struct bytes {
  uint8_t *at;
  size_t length;
};

/* What an escaped byte is at most: \u0000. One that is no UTF-8 becomes three. */
enum { ESCAPED = 6 };

static bool take_bytes(napi_env env, napi_value value, struct bytes *bytes) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, &bytes->length, (void **)&bytes->at, NULL, NULL) == napi_ok &&
         type == napi_uint8_array;
}

static uint8_t *put(uint8_t *to, const void *from, size_t length) {
  memcpy(to, from, length);
  return to + length;
}

/* No byte of the eight needs an escape, and all are ASCII. Each term is the classic test of all bytes at once. */
static bool is_plain(uint64_t word) {
  const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
  const uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
  return ((word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & highs) == 0;
}

/* How many bytes of a UTF-8 sequence stand at `at`, and whether it is whole. One that is not is replaced as a whole. */
static size_t sequence(const uint8_t *at, const uint8_t *end, bool *is_whole) {
  const uint8_t lead = *at;
  const size_t length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 1;
  /* Only what comes second can be wrong for its lead: too long a form, a surrogate, more than U+10FFFF. */
  uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  size_t seen = 1;
  for (; seen < length && at + seen < end && at[seen] >= low && at[seen] <= high; seen++) {
    low = 0x80;
    high = 0xbf;
  }
  *is_whole = length > 1 && seen == length;
  return seen;
}

/* As JSON.stringify() has it, without the quotes. */
static uint8_t *put_escaped(uint8_t *to, const uint8_t *at, const uint8_t *end) {
  static const char digits[] = "0123456789abcdef";
  static const char letters[] = "btn\0fr";
  while (at < end) {
    uint64_t word;
    if (end - at >= (ptrdiff_t)sizeof word) {
      memcpy(&word, at, sizeof word);
      if (is_plain(word)) {
        to = put(to, &word, sizeof word);
        at += sizeof word;
        continue;
      }
    }
    const uint8_t byte = *at;
    if (byte >= 0x80) {
      bool is_whole;
      const size_t length = sequence(at, end, &is_whole);
      to = is_whole ? put(to, at, length) : put(to, "\xef\xbf\xbd", 3);
      at += length;
      continue;
    }
    at++;
    if (byte == '"' || byte == '\\') {
      *to++ = '\\';
      *to++ = byte;
    } else if (byte >= 0x20) {
      *to++ = byte;
    } else if (byte >= '\b' && byte <= '\r' && byte != '\v') {
      *to++ = '\\';
      *to++ = (uint8_t)letters[byte - '\b'];
    } else {
      to = put(to, "\\u00", 4);
      *to++ = (uint8_t)digits[byte >> 4];
      *to++ = (uint8_t)digits[byte & 15];
    }
  }
  return to;
}

napi_value format_lines(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  size_t given = 6;
  struct bytes lines, before, after, target;
  int32_t start;
  bool escapes;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (!take_bytes(env, arguments[0], &lines) || napi_get_value_int32(env, arguments[1], &start) != napi_ok || start < 0 ||
      !take_bytes(env, arguments[2], &before) || !take_bytes(env, arguments[3], &after) ||
      napi_get_value_bool(env, arguments[4], &escapes) != napi_ok || !take_bytes(env, arguments[5], &target)) {
    napi_throw_type_error(env, NULL, "cannot format lines: an argument is missing");
    return NULL;
  }
  const uint8_t *at = lines.at + start, *end = lines.at + lines.length;
  uint8_t *to = target.at;
  while (at < end) {
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    const uint8_t *line_end = newline != NULL ? newline : end;
    const size_t most = (size_t)(line_end - at) * (escapes ? ESCAPED : 1) + before.length + after.length;
    if (most > target.length - (size_t)(to - target.at)) break;
    to = put(to, before.at, before.length);
    to = escapes ? put_escaped(to, at, line_end) : put(to, at, (size_t)(line_end - at));
    to = put(to, after.at, after.length);
    at = line_end + (newline != NULL);
  }
  napi_value pair;
  napi_create_array_with_length(env, 2, &pair);
  napi_set_element(env, pair, 0, integer_value(env, at - lines.at));
  napi_set_element(env, pair, 1, integer_value(env, to - target.at));
  return pair;
}
