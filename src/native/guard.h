// The guard: a mode of the exec helper, started by src/os/guard.ts. It outlives Ringmaster by a moment, and kills the process
// groups that Ringmaster left behind.
//
//   ringmaster-exec guard
//
// Descriptor 0 is a pipe from Ringmaster, and its end means that Ringmaster has ended: nobody else holds the other end. On it
// come records: a process that leads a group to be watched, or forgotten, with when it was started, which tells it from a
// later process with its pid. It sleeps until one comes. Exit code 0 after the end of the pipe, 1 when it cannot read.
//
// A group is killed when its leader is the process that was named; a zombie counts. Without a leader it is killed when it has
// a member that is in the session that the leader led, and no older than it: while a group has members, the kernel gives its
// number to no new process, so it takes another process that came to the number after the whole group had ended, led a
// session too, and left members behind, to be mistaken for it. Ringmaster forgets a group as soon as it finds none of it.
#ifndef RINGMASTER_GUARD_H
#define RINGMASTER_GUARD_H

#include "exec-attributes.h"

// src/os/guard.ts watches no more than this; memory of those that are not there is never touched.
enum { MAX_WATCHED = 16384 };

struct record {
  uint64_t start; // in clock ticks since the start of the machine, as in /proc/PID/stat
  int32_t pid;
  uint32_t is_watched;
};
_Static_assert(sizeof(struct record) == 16, "as src/os/guard.ts writes it");

// What /proc/PID/stat tells.
struct found { int group, session; uint64_t start; };

static struct record watched[MAX_WATCHED];
static size_t watched_count;

static void take_record(const struct record *record) {
  size_t at = 0;
  while (at < watched_count && watched[at].pid != record->pid) at++;
  if (record->is_watched) {
    if (at == MAX_WATCHED || record->pid <= 1) return;
    watched[at] = *record;
    if (at == watched_count) watched_count++;
  } else if (at < watched_count) {
    watched[at] = watched[--watched_count];
  }
}

// True at the end of the pipe.
static bool follow_pipe(void) {
  struct record records[64];
  size_t filled = 0;
  for (;;) {
    long length = sys_read(0, (char *)records + filled, sizeof records - filled);
    if (length == 0) return true;
    if (length == -EINTR) continue;
    if (length < 0) return false;
    filled += (size_t)length;
    size_t whole = filled / sizeof *records;
    for (size_t i = 0; i < whole; i++) take_record(&records[i]);
    filled %= sizeof *records;
    memcpy(records, &records[whole], filled);
  }
}

// Moves `text` behind its next `count` blanks.
static void skip_fields(const char **text, unsigned count) {
  for (; count > 0 && **text != 0; ++*text) if (**text == ' ') count--;
}

// See proc_pid_stat(5). The command in it, before the last bracket, may hold anything.
static bool find(const char *pid, struct found *found) {
  char path[32], text[1024];
  char *end = path;
  const char *at = text;
  uint64_t group, session;
  memcpy(end, "/proc/", 6);
  end += 6;
  for (; *pid != 0; pid++) *end++ = *pid;
  memcpy(end, "/stat", 6);
  long fd = sys_open(path, O_CLOEXEC);
  if (fd < 0) return false;
  long length = sys_read((int)fd, text, sizeof text - 1);
  sys_close((int)fd);
  if (length <= 0) return false;
  text[length] = 0;
  for (const char *each = text; *each != 0; each++) if (*each == ')') at = each;
  skip_fields(&at, 3);
  if (!take_number(&at, 10, INT32_MAX, &group)) return false;
  skip_fields(&at, 1);
  if (!take_number(&at, 10, INT32_MAX, &session)) return false;
  skip_fields(&at, 16);
  *found = (struct found){(int)group, (int)session, 0};
  return take_number(&at, 10, UINT64_MAX, &found->start);
}

static bool find_number(int pid, struct found *found) {
  char text[12], *end = text + sizeof text - 1;
  *end = 0;
  return find(number_before(end, (unsigned)pid), found);
}

// Kills groups by their leaders. What is in the table afterwards has none.
static void kill_led(void) {
  for (size_t i = 0; i < watched_count;) {
    struct found found;
    const struct record record = watched[i];
    if (!find_number(record.pid, &found)) {
      i++;
      continue;
    }
    // A child that has not got as far as its own group yet is killed alone.
    if (found.start == record.start) sys_kill(found.group == record.pid ? -record.pid : record.pid, SIGKILL);
    watched[i] = watched[--watched_count];
  }
}

static void kill_if_left(const char *pid) {
  struct found found;
  if (!find(pid, &found)) return;
  for (size_t i = 0; i < watched_count; i++) {
    const struct record record = watched[i];
    if (found.group != record.pid || found.session != record.pid || found.start < record.start) continue;
    sys_kill(-record.pid, SIGKILL);
    watched[i] = watched[--watched_count];
    return;
  }
}

// Kills groups that have lost their leaders, by members that it finds.
static void kill_unled(void) {
  char buffer[2048] __attribute__((aligned(8)));
  long length;
  long fd = sys_open("/proc", O_CLOEXEC);
  if (fd < 0) return;
  while (watched_count > 0 && (length = sys_getdents((int)fd, buffer, sizeof buffer)) > 0) {
    for (const char *at = buffer; at < buffer + length; at += ((const struct entry *)at)->length) {
      const char *name = ((const struct entry *)at)->name;
      if (digit_of(*name) < 10 && length_of(name) <= 10) kill_if_left(name);
    }
  }
}

static void close_descriptors(unsigned first) {
  struct limit limit;
  if (sys_close_range(first, UINT32_MAX, 0) == 0 || sys_limit(RLIMIT_NOFILE, NULL, &limit) < 0) return;
  for (uint64_t fd = first; fd < limit.soft && fd < 1 << 20; fd++) sys_close((int)fd);
}

static bool is_guard(char *const *arguments) {
  const char *mode = arguments[0] == NULL ? NULL : arguments[1];
  return mode != NULL && take(&mode, "guard") && *mode == 0 && arguments[2] == NULL;
}

static _Noreturn void guard(void) {
  sys_set_mask(UINT64_MAX);
  sys_setsid();
  sys_chdir("/");
  sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
  close_descriptors(1);
  sys_set_file_flags(0, 0); // Ringmaster's addon makes its pipes non-blocking at this end
  bool is_end = follow_pipe();
  if (is_end) {
    kill_led();
    kill_unled();
  }
  sys_exit(is_end ? 0 : 1);
}

#endif
