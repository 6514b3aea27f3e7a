// Bytes that are no UTF-8 do not survive JavaScript, which has U+FFFD for all of them. So the entry writes the characters U+10FF80
// to U+10FFFF, which nobody uses, for the bytes 0x80 to 0xff, and the exec helper writes the bytes back. What is one of these
// characters itself is written byte by byte too, so that nothing changes on the way.
#ifndef RINGMASTER_BYTES_H
#define RINGMASTER_BYTES_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned char byte;

// How long the character at `at` is, by RFC 3629; 0: there is none. No byte behind a 0 is looked at.
static inline size_t character_length(const byte *at) {
  size_t length = 0;
  if (at[0] < 0x80) return 1;
  if (at[0] >= 0xc2 && at[0] <= 0xdf) length = 2;
  if (at[0] >= 0xe0 && at[0] <= 0xef) length = 3;
  if (at[0] >= 0xf0 && at[0] <= 0xf4) length = 4;
  for (size_t i = 1; i < length; i++) if ((at[i] & 0xc0) != 0x80) return 0;
  // Too long for what it says, half of a pair of UTF-16, or beyond U+10FFFF.
  if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)) return 0;
  if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) return 0;
  return length;
}

static inline bool stands_for_byte(const byte *at) {
  return at[0] == 0xf4 && at[1] == 0x8f && (at[2] == 0xbe || at[2] == 0xbf) && (at[3] & 0xc0) == 0x80;
}

// What `text` takes when it is escaped, without its 0.
static inline size_t escaped_length(const char *text) {
  size_t total = 0, length;
  for (const byte *at = (const byte *)text; *at != 0; at += length == 0 ? 1 : length) {
    length = stands_for_byte(at) ? 0 : character_length(at);
    total += length == 0 ? 4 : length;
  }
  return total;
}

// Writes `text` with its 0; returns where that is.
static inline char *escape(char *to, const char *text) {
  for (const byte *at = (const byte *)text; *at != 0;) {
    const size_t length = stands_for_byte(at) ? 0 : character_length(at);
    for (size_t i = 0; i < length; i++) *to++ = (char)*at++;
    if (length > 0) continue;
    *to++ = (char)0xf4;
    *to++ = (char)0x8f;
    *to++ = (char)(0xbe | (*at >> 6 & 1));
    *to++ = (char)(0x80 | (*at++ & 0x3f));
  }
  *to = 0;
  return to;
}

// In place.
static inline void unescape(char *text) {
  byte *to = (byte *)text;
  for (const byte *at = to; *at != 0;) {
    if (stands_for_byte(at)) {
      *to++ = (byte)(0x80 | (at[2] & 1) << 6 | (at[3] & 0x3f));
      at += 4;
    } else {
      *to++ = *at++;
    }
  }
  *to = 0;
}

#endif
