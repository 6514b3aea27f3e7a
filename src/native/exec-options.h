// The options of exec-helper.c: their names, and the text of one into `struct settings`. Reads text and nothing else.
#ifndef RINGMASTER_EXEC_OPTIONS_H
#define RINGMASTER_EXEC_OPTIONS_H

#include <stdbool.h>
#include "syscalls.h"
#include "text.h"

enum { MAX_CPUS = 8192, MAX_GROUPS = 4096, MAX_PID_NAMES = 4 };

// In the order in which they are done.
enum option {
  REPORT, FDS, IGNORED, BLOCKED, SESSION, GROUP, TERMINAL, FOREGROUND, OOM, OOMHINT, RLIMIT, NICE, IONICE, AFFINITY, UMASK, BOUNDING,
  INHERITABLE, GROUPS, GID, UID, CAPABILITIES, NNP, CWD, DEATHSIG, PIDIN, BYTES, OPTIONS,
};
static const char *const OPTION_NAMES[OPTIONS] = {
  "report", "fds", "ignored", "blocked", "session", "group", "terminal", "foreground", "oom", "oomhint", "rlimit", "nice", "ionice", "affinity",
  "umask", "bounding", "inheritable", "groups", "gid", "uid", "capabilities", "nnp", "cwd", "deathsig", "pidin", "bytes",
};

// A field counts only when its option is in `given`; nothing else here is initialised, but the two sets of signals.
struct settings {
  uint32_t given;       // bit N: option N, well formed
  uint32_t limit_given; // bit N: resource N
  int report, terminal, foreground;
  unsigned fds;
  int oom, oom_hint, nice;
  bool oom_hint_is_more;
  unsigned io_priority, umask;
  uint32_t uid, gid;
  uint64_t ignored, blocked; // bit N-1: signal N
  uint64_t bounding, inheritable, capabilities;
  const char *cwd;
  int death_signal, parent;
  unsigned pid_name_count;
  const char *pid_names[MAX_PID_NAMES];
  size_t group_count;
  struct limit limits[RLIMITS];
  uint64_t cpus[MAX_CPUS / 64];
  uint32_t groups[MAX_GROUPS];
};

static inline bool is_given(const struct settings *settings, enum option option) {
  return settings->given >> option & 1;
}

// 16 for what is no digit of any base here.
static unsigned digit_of(char c) {
  if (c >= '0' && c <= '9') return (unsigned)(c - '0');
  if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a' + 10);
  return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 16;
}

// Moves `text` past a number of at most `max`, at least one digit, no sign, no prefix.
static bool take_number(const char **text, unsigned base, uint64_t max, uint64_t *number) {
  const char *begin = *text;
  *number = 0;
  for (;; ++*text) {
    unsigned digit = digit_of(**text);
    if (digit >= base) return *text > begin;
    if (digit > max || *number > (max - digit) / base) return false;
    *number = *number * base + digit;
  }
}

static bool take_limit(const char **text, uint64_t *value) {
  if (!take(text, "unlimited")) return take_number(text, 10, UNLIMITED, value);
  *value = UNLIMITED;
  return true;
}

static bool read_number(const char *text, unsigned base, uint64_t max, uint64_t *number) {
  return take_number(&text, base, max, number) && *text == 0;
}

static bool read_fd(const char *text, int *fd) {
  uint64_t number;
  if (!read_number(text, 10, INT32_MAX, &number)) return false;
  *fd = (int)number;
  return true;
}

// All ones is no id: setresuid(2) would take it as "leave as it is".
static bool read_id(const char *text, uint32_t *id) {
  uint64_t number;
  if (!read_number(text, 10, UINT32_MAX - 1, &number)) return false;
  *id = (uint32_t)number;
  return true;
}

// The kernel clamps a nice value that is out of range, so the range is checked here.
static bool read_signed(const char *text, int min, int max, int *value) {
  bool negative = take(&text, "-");
  uint64_t number;
  if (!read_number(text, 10, (uint64_t)(negative ? -min : max), &number)) return false;
  *value = negative ? -(int)number : (int)number;
  return true;
}

// "RESOURCE:SOFT:HARD", each resource once.
static bool read_limit(const char *text, struct settings *settings) {
  uint64_t resource;
  struct limit limit;
  if (!take_number(&text, 10, RLIMITS - 1, &resource) || !take(&text, ":") || !take_limit(&text, &limit.soft) ||
      !take(&text, ":") || !take_limit(&text, &limit.hard) || *text != 0 || settings->limit_given >> resource & 1)
    return false;
  settings->limits[resource] = limit;
  settings->limit_given |= 1u << resource;
  return true;
}

// "0,2-3".
static bool read_cpus(const char *text, uint64_t cpus[MAX_CPUS / 64]) {
  for (size_t word = 0; word < MAX_CPUS / 64; word++) cpus[word] = 0;
  do {
    uint64_t first, last;
    if (!take_number(&text, 10, MAX_CPUS - 1, &first)) return false;
    last = first;
    if (take(&text, "-") && !take_number(&text, 10, MAX_CPUS - 1, &last)) return false;
    if (last < first) return false;
    for (; first <= last; first++) cpus[first / 64] |= UINT64_C(1) << first % 64;
  } while (take(&text, ","));
  return *text == 0;
}

// "10,20", or nothing for no groups.
static bool read_groups(const char *text, struct settings *settings) {
  settings->group_count = 0;
  if (*text == 0) return true;
  do {
    uint64_t id;
    if (settings->group_count == MAX_GROUPS || !take_number(&text, 10, UINT32_MAX - 1, &id)) return false;
    settings->groups[settings->group_count++] = (uint32_t)id;
  } while (take(&text, ","));
  return *text == 0;
}

static bool read_io_priority(const char *text, unsigned *priority) {
  uint64_t class, level;
  if (!take_number(&text, 10, 3, &class) || !take(&text, ":") || !read_number(text, 10, 7, &level)) return false;
  *priority = (unsigned)(class << IOPRIO_CLASS_SHIFT | level);
  return true;
}

// "SIGNAL:PPID". The PPID of the first process of a PID namespace is 0.
static bool read_death_signal(const char *text, struct settings *settings) {
  uint64_t signal;
  if (!take_number(&text, 10, LAST_SIGNAL, &signal) || signal == 0 || !take(&text, ":")) return false;
  settings->death_signal = (int)signal;
  return read_fd(text, &settings->parent);
}

// The name of a variable.
static bool read_pid_name(const char *text, struct settings *settings) {
  if (*text == 0 || settings->pid_name_count == MAX_PID_NAMES) return false;
  for (const char *at = text; *at != 0; at++) if (*at == '=') return false;
  settings->pid_names[settings->pid_name_count++] = text;
  return true;
}

static bool read_value(enum option option, const char *text, struct settings *settings) {
  uint64_t number = 0;
  bool good = false;
  switch (option) {
    case REPORT: return read_fd(text, &settings->report);
    case FDS:
      good = read_number(text, 10, INT32_MAX, &number);
      settings->fds = (unsigned)number;
      return good;
    case IGNORED: return read_number(text, 16, UINT64_MAX, &settings->ignored);
    case BLOCKED: return read_number(text, 16, UINT64_MAX, &settings->blocked);
    case SESSION: case GROUP: case NNP: case BYTES: return take(&text, "1") && *text == 0;
    case TERMINAL: return read_fd(text, &settings->terminal);
    case FOREGROUND: return read_fd(text, &settings->foreground);
    case OOM: return read_signed(text, -1000, 1000, &settings->oom);
    case OOMHINT:
      settings->oom_hint_is_more = take(&text, "+");
      if (settings->oom_hint_is_more && *text == '-') return false;
      return read_signed(text, -1000, 1000, &settings->oom_hint);
    case RLIMIT: return read_limit(text, settings);
    case NICE: return read_signed(text, -20, 19, &settings->nice);
    case IONICE: return read_io_priority(text, &settings->io_priority);
    case AFFINITY: return read_cpus(text, settings->cpus);
    case UMASK:
      good = read_number(text, 8, 0777, &number);
      settings->umask = (unsigned)number;
      return good;
    case BOUNDING: return read_number(text, 16, UINT64_MAX, &settings->bounding);
    case INHERITABLE: return read_number(text, 16, UINT64_MAX, &settings->inheritable);
    case GROUPS: return read_groups(text, settings);
    case GID: return read_id(text, &settings->gid);
    case UID: return read_id(text, &settings->uid);
    case CAPABILITIES: return read_number(text, 16, UINT64_MAX, &settings->capabilities);
    case CWD: settings->cwd = text; return true;
    case DEATHSIG: return read_death_signal(text, settings);
    case PIDIN: return read_pid_name(text, settings);
    case OPTIONS: break;
  }
  return false;
}

// Reads one "key=value" into `settings`. Sets `*option` to its key (OPTIONS: there is none of that name) and says whether
// it is well formed. Only "rlimit" and "pidin" may come twice.
static bool read_option(const char *text, struct settings *settings, enum option *option) {
  for (*option = 0; *option < OPTIONS; ++*option) {
    const char *value = text;
    if (!take(&value, OPTION_NAMES[*option]) || !take(&value, "=")) continue;
    if (*option != RLIMIT && *option != PIDIN && is_given(settings, *option)) return false;
    if (!read_value(*option, value, settings)) return false;
    settings->given |= 1u << *option;
    return true;
  }
  return false;
}

#endif
