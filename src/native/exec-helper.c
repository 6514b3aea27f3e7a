// The exec helper: node:child_process starts it in place of a command; it sets what Node.js cannot set of a child, then
// becomes the command. A static program without a C library, so that it runs in any image. No policy in it.
//
//   ringmaster-exec [KEY=VALUE...] -- COMMAND [ARGUMENT...]
//
// Done in this order, whatever the order given; each at most once unless said otherwise:
//   report=FD            where a failure is written; closed at exec
//   fds=N                the command gets descriptors 0 to N-1 and no other
//   ignored=HEX          signals, bit N-1 for signal N; all others get their default action
//   blocked=HEX          signals; all others are let through
//   session=1            a session of its own; nothing to do when it leads one
//   group=1              a process group of its own; nothing to do when it leads one
//   terminal=FD          the controlling terminal of its session
//   foreground=FD        its group becomes the foreground group of this terminal
//   oom=N                oom_score_adj, -1000 to 1000
//   oomhint=N  =+N       the same, or so much more than it has; but one that cannot be read or written stays as it is
//   rlimit=R:SOFT:HARD   resource by number, values by number or "unlimited"; once for each resource
//   nice=N               -20 to 19
//   ionice=CLASS:LEVEL   0 to 3, 0 to 7
//   affinity=CPUS        as 0,2-3
//   umask=OCTAL
//   bounding=HEX         drops all other capabilities from the bounding and the inheritable set (and from no other)
//   inheritable=HEX      exactly this inheritable set
//   groups=A,B,...       exactly these supplementary groups; empty for none; nothing to do when they are the ones
//   gid=N  uid=N         real, effective and saved; nothing to do when they are the ones
//   capabilities=HEX     what the command holds: permitted, effective, inheritable and ambient; for root too. With
//                        "inheritable" that set has both
//   nnp=1                no_new_privs
//   cwd=PATH
//   deathsig=SIG:PPID    SIG when the parent dies; at once when the parent is not PPID any more
//   pidin=NAME           writes the own PID over the value of this variable, which must have as many characters or more; up
//                        to four times
//   bytes=1              COMMAND, its arguments and its environment are escaped as in bytes.h
//   (exec)               COMMAND with a slash as it is, else from PATH as execvp(3), but never through a shell
//
// Nothing is done unless all options are well formed, and a refusal ends the start: a command never runs with more rights
// than asked for. A failure is one line "ERRNO STEP\n" on the report descriptor. STEP is the key, or "rlimit:NAME" when
// the kernel refuses a limit; "usage" for an unknown option or no command; "exec"; or "interpreter" when the file is there
// and the program in its "#!" line, or its ELF interpreter, is not. The exit code is 127 when there is no such command,
// else 126.
//
// Its other mode, the guard, is in guard.h.
#include "become.h"
#include "bytes.h"
#include "exec-attributes.h"
#include "guard.h"
#include "start.h"

enum { EXIT_REFUSED = 126, EXIT_NO_COMMAND = 127 };

static const char *const LIMIT_STEPS[RLIMITS] = {
  "rlimit:cpu", "rlimit:fsize", "rlimit:data", "rlimit:stack", "rlimit:core", "rlimit:rss", "rlimit:nproc",
  "rlimit:nofile", "rlimit:memlock", "rlimit:as", "rlimit:locks", "rlimit:sigpending", "rlimit:msgqueue", "rlimit:nice",
  "rlimit:rtprio", "rlimit:rttime",
};

static void set_up(const struct settings *settings, char *const *environment);
static void set_limits(const struct settings *settings);
static void restore_bytes(char *const *command, char *const *environment);
static void check(const struct settings *settings, enum option option, long result);
static _Noreturn void fail(const struct settings *settings, struct refusal refusal);

// Called by _start. What lies on the stack: the number of arguments, the arguments, NULL, the environment, NULL.
void start(char **stack) {
  char **argument = stack + 1;
  char **environment = argument + (long)stack[0] + 1;
  const char *malformed = NULL;
  struct settings settings;
  settings.given = settings.limit_given = settings.pid_name_count = 0;
  settings.ignored = settings.blocked = 0;

  if (is_guard(stack + 1)) guard();
  if (*argument != NULL) argument++;
  for (; *argument != NULL; argument++) {
    const char *text = *argument;
    enum option option;
    if (take(&text, "--") && *text == 0) break;
    if (!read_option(*argument, &settings, &option) && malformed == NULL)
      malformed = option < OPTIONS ? OPTION_NAMES[option] : "usage";
  }
  if (malformed == NULL && (*argument == NULL || argument[1] == NULL)) malformed = "usage";
  if (is_given(&settings, REPORT)) check(&settings, REPORT, sys_set_fd_flags(settings.report, FD_CLOEXEC));
  if (malformed != NULL) fail(&settings, (struct refusal){EINVAL, malformed});
  set_up(&settings, environment);
  if (is_given(&settings, BYTES)) restore_bytes(argument + 1, environment);
  fail(&settings, become(argument + 1, environment));
}

#define STEP(option, call) if (is_given(settings, option)) check(settings, option, call)

static void set_up(const struct settings *settings, char *const *environment) {
  STEP(FDS, keep_descriptors(settings->fds));
  set_signals(settings->ignored, settings->blocked);
  STEP(SESSION, sys_getsid() == sys_getpid() ? 0 : sys_setsid());
  STEP(GROUP, sys_getpgid() == sys_getpid() ? 0 : sys_setpgid());
  STEP(TERMINAL, sys_ioctl(settings->terminal, TIOCSCTTY, NULL));
  STEP(FOREGROUND, take_foreground(settings->foreground, settings->blocked));
  STEP(OOM, write_oom(settings->oom));
  if (is_given(settings, OOMHINT)) hint_oom(settings->oom_hint, settings->oom_hint_is_more);
  set_limits(settings);
  STEP(NICE, sys_set_nice(settings->nice));
  STEP(IONICE, sys_set_ioprio(settings->io_priority));
  STEP(AFFINITY, sys_set_affinity(settings->cpus, sizeof settings->cpus));
  STEP(UMASK, (sys_umask(settings->umask), 0));
  STEP(BOUNDING, keep_bounding(settings->bounding));
  STEP(INHERITABLE, set_inheritable(settings->inheritable));
  STEP(GROUPS, set_groups(settings->groups, settings->group_count));
  STEP(GID, set_gid(settings->gid));
  STEP(UID, set_uid(settings->uid, is_given(settings, CAPABILITIES) && settings->capabilities != 0));
  STEP(CAPABILITIES, set_capabilities(settings->capabilities, is_given(settings, INHERITABLE) ? settings->inheritable : 0,
                                      is_given(settings, NNP)));
  STEP(NNP, sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0));
  STEP(CWD, sys_chdir(settings->cwd)); // with the rights of the user
  // The kernel forgets this one at each change of credentials.
  STEP(DEATHSIG, die_with_parent(settings->death_signal, settings->parent));
  STEP(PIDIN, write_pids(settings->pid_names, settings->pid_name_count, environment));
}

static void set_limits(const struct settings *settings) {
  for (unsigned resource = 0; resource < RLIMITS; resource++) {
    if ((settings->limit_given >> resource & 1) == 0) continue;
    long error = sys_limit(resource, &settings->limits[resource], NULL);
    if (error < 0) fail(settings, (struct refusal){-error, LIMIT_STEPS[resource]});
  }
}

static void restore_bytes(char *const *command, char *const *environment) {
  for (; *command != NULL; command++) unescape(*command);
  for (; *environment != NULL; environment++) unescape(*environment);
}

static void check(const struct settings *settings, enum option option, long result) {
  if (result < 0) fail(settings, (struct refusal){-result, OPTION_NAMES[option]});
}

static void fail(const struct settings *settings, struct refusal refusal) {
  bool is_command = refusal.step == EXEC || refusal.step == INTERPRETER;
  bool is_missing = is_command && (refusal.error == ENOENT || refusal.error == ENOTDIR);
  char line[48], *middle = line + 12, *end = middle;
  char *begin = number_before(middle, (unsigned)refusal.error);
  *end++ = ' ';
  for (const char *at = refusal.step; *at != 0; at++) *end++ = *at;
  *end++ = '\n';
  if (is_given(settings, REPORT)) {
    sys_set_mask(UINT64_MAX); // SIGPIPE or SIGXFSZ would hide the exit code
    sys_write(settings->report, begin, (size_t)(end - begin));
  }
  sys_exit(is_missing ? EXIT_NO_COMMAND : EXIT_REFUSED);
}
