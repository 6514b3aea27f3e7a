// Text, without a C library.
#ifndef RINGMASTER_TEXT_H
#define RINGMASTER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

static inline size_t length_of(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

// Moves `text` past `prefix` if it begins so.
static inline bool take(const char **text, const char *prefix) {
  const char *at = *text;
  for (; *prefix != 0; prefix++, at++) if (*at != *prefix) return false;
  *text = at;
  return true;
}

// Writes the decimal `number` so that it ends before `end`. Returns its first character; at most 10.
static inline char *number_before(char *end, unsigned number) {
  do *--end = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  return end;
}

#endif
