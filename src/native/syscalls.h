// The system calls that the entry and the exec helper make, without a C library, for x86_64 and aarch64 (both little-endian,
// both LP64). Numbers and constants are the kernel's ABI. Each call returns its result, or a negative errno. PID and uid
// arguments are as in the man pages; `raw` is the only place that knows registers.
#ifndef RINGMASTER_SYSCALLS_H
#define RINGMASTER_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

enum {
  EPERM = 1, ENOENT = 2, EINTR = 4, EACCES = 13, ENODEV = 19, ENOTDIR = 20, EINVAL = 22, ENAMETOOLONG = 36, ENOSYS = 38,
  ETIMEDOUT = 110, ESTALE = 116,
};

enum { AT_FDCWD = -100, O_WRONLY = 1, O_CLOEXEC = 02000000 };
enum { F_SETFD = 2, F_SETFL = 4, FD_CLOEXEC = 1, CLOSE_RANGE_CLOEXEC = 4 };
enum { DEFAULT_ACTION = 0, IGNORE_SIGNAL = 1, SIGKILL = 9, SIGTTOU = 22, LAST_SIGNAL = 64 };
enum { TIOCSCTTY = 0x540e, TIOCSPGRP = 0x5410 };
enum { RLIMIT_NOFILE = 7, RLIMITS = 16, IOPRIO_CLASS_SHIFT = 13 };
enum {
  PR_SET_PDEATHSIG = 1, PR_SET_KEEPCAPS = 8, PR_CAPBSET_READ = 23, PR_CAPBSET_DROP = 24, PR_GET_SECUREBITS = 27,
  PR_SET_SECUREBITS = 28, PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39, PR_CAP_AMBIENT = 47,
  PR_CAP_AMBIENT_RAISE = 2, PR_CAP_AMBIENT_CLEAR_ALL = 4, SECBIT_NOROOT = 1,
};
enum { CAPABILITY_VERSION_3 = 0x20080522 };
#define UNLIMITED UINT64_MAX

struct limit { uint64_t soft, hard; };
struct action { uintptr_t handler; unsigned long flags; void *restorer; uint64_t mask; };
struct capability_header { uint32_t version; int32_t pid; };
struct capability_words { uint32_t effective, permitted, inheritable; };
struct entry { uint64_t inode; int64_t next; uint16_t length; uint8_t type; char name[]; }; // of a folder

#if defined(__x86_64__)

enum {
  NR_read = 0, NR_getdents64 = 217,
  NR_write = 1, NR_close = 3, NR_rt_sigaction = 13, NR_rt_sigprocmask = 14, NR_ioctl = 16, NR_getpid = 39, NR_execve = 59,
  NR_kill = 62, NR_fcntl = 72, NR_chdir = 80, NR_umask = 95, NR_setpgid = 109, NR_getppid = 110, NR_setsid = 112,
  NR_getgroups = 115, NR_setgroups = 116, NR_setresuid = 117, NR_getresuid = 118, NR_setresgid = 119, NR_getresgid = 120,
  NR_getpgid = 121, NR_getsid = 124, NR_capget = 125, NR_capset = 126, NR_setpriority = 141, NR_prctl = 157,
  NR_sched_setaffinity = 203, NR_exit_group = 231, NR_ioprio_set = 251, NR_openat = 257, NR_faccessat = 269,
  NR_readlinkat = 267, NR_prlimit64 = 302, NR_close_range = 436,
};

static inline long raw(long number, long a, long b, long c, long d, long e) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

enum {
  NR_getdents64 = 61, NR_read = 63,
  NR_fcntl = 25, NR_ioctl = 29, NR_ioprio_set = 30, NR_faccessat = 48, NR_chdir = 49, NR_openat = 56, NR_close = 57,
  NR_write = 64, NR_readlinkat = 78, NR_capget = 90, NR_capset = 91, NR_exit_group = 94, NR_sched_setaffinity = 122,
  NR_kill = 129,
  NR_rt_sigaction = 134, NR_rt_sigprocmask = 135, NR_setpriority = 140, NR_setresuid = 147, NR_getresuid = 148,
  NR_setresgid = 149, NR_getresgid = 150, NR_setpgid = 154, NR_getpgid = 155, NR_getsid = 156, NR_setsid = 157,
  NR_getgroups = 158, NR_setgroups = 159, NR_umask = 166, NR_prctl = 167, NR_getpid = 172, NR_getppid = 173,
  NR_execve = 221, NR_prlimit64 = 261, NR_close_range = 436,
};

static inline long raw(long number, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}

#else
#error "no system calls known for this CPU: x86_64 and aarch64 are supported"
#endif

#define CALL(name, a, b, c, d, e) raw(NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static inline long sys_write(int fd, const void *bytes, size_t length) { return CALL(write, fd, bytes, length, 0, 0); }
static inline long sys_read(int fd, void *bytes, size_t room) { return CALL(read, fd, bytes, room, 0, 0); }
static inline long sys_open(const char *path, int flags) { return CALL(openat, AT_FDCWD, path, flags, 0, 0); }
static inline long sys_close(int fd) { return CALL(close, fd, 0, 0, 0, 0); }
static inline long sys_readlink(const char *path, char *target, size_t room) {
  return CALL(readlinkat, AT_FDCWD, path, target, room, 0);
}
static inline long sys_exists(const char *path) { return CALL(faccessat, AT_FDCWD, path, 0, 0, 0); }
static inline long sys_chdir(const char *path) { return CALL(chdir, path, 0, 0, 0, 0); }
static inline long sys_umask(unsigned mask) { return CALL(umask, mask, 0, 0, 0, 0); }
static inline long sys_set_fd_flags(int fd, int flags) { return CALL(fcntl, fd, F_SETFD, flags, 0, 0); }
static inline long sys_set_file_flags(int fd, int flags) { return CALL(fcntl, fd, F_SETFL, flags, 0, 0); }
static inline long sys_getdents(int fd, void *entries, size_t room) { return CALL(getdents64, fd, entries, room, 0, 0); }
static inline long sys_close_range(unsigned first, unsigned last, unsigned flags) {
  return CALL(close_range, first, last, flags, 0, 0);
}
static inline long sys_ioctl(int fd, unsigned request, const void *argument) {
  return CALL(ioctl, fd, request, argument, 0, 0);
}

// The mask of signals is 8 bytes: bit N-1 is signal N.
static inline long sys_set_action(int signal, const struct action *action) {
  return CALL(rt_sigaction, signal, action, 0, sizeof action->mask, 0);
}
static inline long sys_get_action(int signal, struct action *action) {
  return CALL(rt_sigaction, signal, 0, action, sizeof action->mask, 0);
}
static inline long sys_set_mask(uint64_t mask) {
  return CALL(rt_sigprocmask, 2 /* SIG_SETMASK */, &mask, 0, sizeof mask, 0);
}
static inline long sys_swap_mask(uint64_t mask, uint64_t *before) {
  return CALL(rt_sigprocmask, 2 /* SIG_SETMASK */, &mask, before, sizeof mask, 0);
}
static inline long sys_kill(int pid, int signal) { return CALL(kill, pid, signal, 0, 0, 0); }

static inline int sys_getpid(void) { return (int)CALL(getpid, 0, 0, 0, 0, 0); }
static inline int sys_getppid(void) { return (int)CALL(getppid, 0, 0, 0, 0, 0); }
static inline long sys_setsid(void) { return CALL(setsid, 0, 0, 0, 0, 0); }
static inline int sys_getsid(void) { return (int)CALL(getsid, 0, 0, 0, 0, 0); }
static inline long sys_setpgid(void) { return CALL(setpgid, 0, 0, 0, 0, 0); }
static inline int sys_getpgid(void) { return (int)CALL(getpgid, 0, 0, 0, 0, 0); }

static inline long sys_limit(unsigned resource, const struct limit *new, struct limit *old) {
  return CALL(prlimit64, 0, resource, new, old, 0);
}
static inline long sys_set_nice(int nice) { return CALL(setpriority, 0 /* PRIO_PROCESS */, 0, nice, 0, 0); }
static inline long sys_set_ioprio(unsigned value) { return CALL(ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, value, 0, 0); }
static inline long sys_set_affinity(const uint64_t *cpus, size_t bytes) {
  return CALL(sched_setaffinity, 0, bytes, cpus, 0, 0);
}

static inline long sys_getgroups(size_t room, uint32_t *groups) { return CALL(getgroups, room, groups, 0, 0, 0); }
static inline long sys_setgroups(size_t count, const uint32_t *groups) { return CALL(setgroups, count, groups, 0, 0, 0); }
static inline long sys_getresgid(uint32_t ids[3]) { return CALL(getresgid, ids, ids + 1, ids + 2, 0, 0); }
static inline long sys_setresgid(uint32_t id) { return CALL(setresgid, id, id, id, 0, 0); }
static inline long sys_getresuid(uint32_t ids[3]) { return CALL(getresuid, ids, ids + 1, ids + 2, 0, 0); }
static inline long sys_setresuid(uint32_t id) { return CALL(setresuid, id, id, id, 0, 0); }
static inline long sys_prctl(int option, unsigned long a, unsigned long b) { return CALL(prctl, option, a, b, 0, 0); }
static inline long sys_capget(const struct capability_header *header, struct capability_words words[2]) {
  return CALL(capget, header, words, 0, 0, 0);
}
static inline long sys_capset(const struct capability_header *header, const struct capability_words words[2]) {
  return CALL(capset, header, words, 0, 0, 0);
}

static inline long sys_execve(const char *path, char *const *arguments, char *const *environment) {
  return CALL(execve, path, arguments, environment, 0, 0);
}
static inline _Noreturn void sys_exit(int code) {
  for (;;) CALL(exit_group, code, 0, 0, 0, 0);
}

// A compiler may call these even without a library. The empty asm keeps it from turning each loop into a call of itself.
__attribute__((used)) void *memset(void *to, int byte, size_t count) {
  for (char *at = to; count > 0; count--) {
    *at++ = (char)byte;
    __asm__ volatile("" ::: "memory");
  }
  return to;
}
__attribute__((used)) void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  const char *source = from;
  for (char *at = to; count > 0; count--) {
    *at++ = *source++;
    __asm__ volatile("" ::: "memory");
  }
  return to;
}

#endif
