// What exec-helper.c sets, one function each where one system call is not enough. Returns 0 or more when done, else a
// negative errno.
#ifndef RINGMASTER_EXEC_ATTRIBUTES_H
#define RINGMASTER_EXEC_ATTRIBUTES_H

#include "exec-options.h"

// Linux before 5.11 lacks CLOSE_RANGE_CLOEXEC; old seccomp filters answer EPERM for calls that they do not know.
static long keep_descriptors(unsigned count) {
  const uint64_t bound = 1 << 20;
  struct limit limit;
  long error = sys_close_range(count, UINT32_MAX, CLOSE_RANGE_CLOEXEC);
  if (error != -ENOSYS && error != -EINVAL && error != -EPERM) return error;
  error = sys_limit(RLIMIT_NOFILE, NULL, &limit);
  if (error < 0) return error;
  for (uint64_t fd = count; fd < limit.soft && fd < bound; fd++)
    sys_set_fd_flags((int)fd, FD_CLOEXEC); // EBADF: not open
  return 0;
}

// libuv resets 1 to 31 only. SIGKILL and SIGSTOP answer EINVAL: they are never anything else.
static void set_signals(uint64_t ignored, uint64_t blocked) {
  for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
    const struct action action = {.handler = ignored >> (signal - 1) & 1 ? IGNORE_SIGNAL : DEFAULT_ACTION};
    sys_set_action(signal, &action);
  }
  sys_set_mask(blocked);
}

// Asked for from the background, the terminal sends SIGTTOU, which would stop us.
static long take_foreground(int terminal, uint64_t blocked) {
  int group = sys_getpgid();
  sys_set_mask(blocked | UINT64_C(1) << (SIGTTOU - 1));
  long error = sys_ioctl(terminal, TIOCSPGRP, &group);
  sys_set_mask(blocked);
  return error;
}

static const char OOM_FILE[] = "/proc/self/oom_score_adj";
enum { MOST_OOM = 1000 };

static bool read_oom(int *value) {
  char text[12];
  long fd = sys_open(OOM_FILE, O_CLOEXEC);
  if (fd < 0) return false;
  long length = sys_read((int)fd, text, sizeof text);
  sys_close((int)fd);
  if (length < 1 || text[length - 1] != '\n') return false;
  text[length - 1] = 0;
  return read_signed(text, -MOST_OOM, MOST_OOM, value);
}

static long write_oom(int value) {
  char text[12], *end = text + sizeof text;
  char *begin = number_before(end, (unsigned)(value < 0 ? -value : value));
  if (value < 0) *--begin = '-';
  long fd = sys_open(OOM_FILE, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  long error = sys_write((int)fd, begin, (size_t)(end - begin));
  sys_close((int)fd);
  return error;
}

static void hint_oom(int value, bool is_more) {
  int own = 0;
  if (is_more && !read_oom(&own)) return;
  write_oom(own + value > MOST_OOM ? MOST_OOM : own + value);
}

// The capabilities in the bounding set that are not in `set`; the kernel answers EINVAL after the last that it knows.
static uint64_t bounding_beyond(uint64_t set) {
  uint64_t beyond = 0;
  long bounded = 0;
  for (unsigned capability = 0; capability < 64 && bounded >= 0; capability++) {
    bounded = sys_prctl(PR_CAPBSET_READ, capability, 0);
    if (bounded == 1) beyond |= UINT64_C(1) << capability;
  }
  return beyond & ~set;
}

// Makes it `also` and what it has of `keep`.
static long change_inheritable(uint64_t keep, uint64_t also) {
  const struct capability_header header = {CAPABILITY_VERSION_3, 0};
  struct capability_words words[2];
  long error = sys_capget(&header, words);
  if (error < 0) return error;
  const uint32_t low = (words[0].inheritable & (uint32_t)keep) | (uint32_t)also;
  const uint32_t high = (words[1].inheritable & (uint32_t)(keep >> 32)) | (uint32_t)(also >> 32);
  if (low == words[0].inheritable && high == words[1].inheritable) return 0;
  words[0].inheritable = low;
  words[1].inheritable = high;
  return sys_capset(&header, words);
}

static long set_inheritable(uint64_t set) { return change_inheritable(0, set); }

// At exec the kernel gives root the inheritable set on top of the bounding set.
static long keep_bounding(uint64_t keep) {
  uint64_t drop = bounding_beyond(keep);
  long error = 0;
  for (unsigned capability = 0; capability < 64 && error == 0; capability++)
    if (drop >> capability & 1) error = sys_prctl(PR_CAPBSET_DROP, capability, 0);
  return error < 0 ? error : change_inheritable(keep, 0);
}

static bool is_subset(const uint32_t *part, size_t part_count, const uint32_t *whole, size_t whole_count) {
  for (size_t i = 0; i < part_count; i++) {
    size_t at = 0;
    while (at < whole_count && whole[at] != part[i]) at++;
    if (at == whole_count) return false;
  }
  return true;
}

// Without CAP_SETGID, or where a user namespace denies it, setgroups(2) fails even when it would change nothing.
static long set_groups(const uint32_t *groups, size_t count) {
  uint32_t own[MAX_GROUPS];
  long own_count = sys_getgroups(MAX_GROUPS, own); // EINVAL: there are more
  if (own_count >= 0 && is_subset(own, (size_t)own_count, groups, count) &&
      is_subset(groups, count, own, (size_t)own_count))
    return 0;
  return sys_setgroups(count, groups);
}

static bool are_all(const uint32_t ids[3], uint32_t id) { return ids[0] == id && ids[1] == id && ids[2] == id; }

static long set_gid(uint32_t gid) {
  uint32_t own[3];
  long error = sys_getresgid(own);
  return error < 0 || are_all(own, gid) ? error : sys_setresgid(gid);
}

static long set_uid(uint32_t uid, bool keep_capabilities) {
  uint32_t own[3];
  long error = sys_getresuid(own);
  if (error < 0 || are_all(own, uid)) return error;
  if (keep_capabilities) error = sys_prctl(PR_SET_KEEPCAPS, 1, 0);
  return error < 0 ? error : sys_setresuid(uid);
}

// Makes all sets of the command `set`, the inheritable one with `inheritable`. At exec the kernel gives root the whole bounding set on top, unless no_new_privs
// or SECBIT_NOROOT forbids it; the latter needs CAP_SETPCAP. See capabilities(7), "Capabilities and execution of programs
// by root".
static long set_capabilities(uint64_t set, uint64_t inheritable, bool no_new_privileges) {
  const struct capability_header header = {CAPABILITY_VERSION_3, 0};
  const uint64_t all = set | inheritable;
  const uint32_t low = (uint32_t)set, high = (uint32_t)(set >> 32);
  const struct capability_words words[2] = {{low, low, (uint32_t)all}, {high, high, (uint32_t)(all >> 32)}};
  uint32_t own[3];
  long error = sys_getresuid(own);
  if (error < 0) return error;
  bool is_root = own[0] == 0 || own[1] == 0;
  if (is_root && !no_new_privileges && sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0) != 1 && bounding_beyond(set) != 0) {
    long bits = sys_prctl(PR_GET_SECUREBITS, 0, 0);
    if (bits < 0) return bits;
    if ((bits & SECBIT_NOROOT) == 0) error = sys_prctl(PR_SET_SECUREBITS, (unsigned long)bits | SECBIT_NOROOT, 0);
    if (error < 0) return error;
  }
  error = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
  if (error == 0) error = sys_capset(&header, words);
  for (unsigned capability = 0; capability < 64 && error == 0; capability++)
    if (set >> capability & 1) error = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability);
  return error;
}

// A signal that does not end us (SIGCONT) changes nothing: the command would have had it too.
static long die_with_parent(int signal, int parent) {
  long error = sys_prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0);
  return error < 0 || sys_getppid() == parent ? error : sys_kill(sys_getpid(), signal);
}

// The environment may hold a name twice.
static long write_pid(const char *name, char *const *environment) {
  char text[10];
  char *const end = text + sizeof text, *const begin = number_before(end, (unsigned)sys_getpid());
  const size_t length = (size_t)(end - begin);
  long result = -EINVAL;
  for (; *environment != NULL; environment++) {
    const char *value = *environment;
    if (!take(&value, name) || !take(&value, "=")) continue;
    if (length_of(value) < length) return -EINVAL;
    char *to = *environment + (value - *environment);
    memcpy(to, begin, length);
    to[length] = 0;
    result = 0;
  }
  return result;
}

// sd_listen_fds(3) and sd_watchdog_enabled(3) look whether a variable holds their own PID, which nobody knows before the fork.
static long write_pids(const char *const *names, unsigned count, char *const *environment) {
  long result = 0;
  for (unsigned i = 0; i < count && result == 0; i++) result = write_pid(names[i], environment);
  return result;
}

#endif
