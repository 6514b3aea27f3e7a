/* Other processes: what the kernel tells of them without /proc, and signals that reach the one that is meant. */
#include "native.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open 434
#endif

napi_value child_lives(napi_env env, napi_callback_info info) {
  int32_t pid;
  siginfo_t state = {.si_pid = 0};
  if (!take_integers(env, info, 1, &pid)) return NULL;
  if (waitid(P_PID, (id_t)pid, &state, WEXITED | WNOHANG | WNOWAIT) != 0) return result_value(env, -1);
  return integer_value(env, state.si_pid == 0);
}

napi_value session_of(napi_env env, napi_callback_info info) {
  int32_t pid;
  return take_integers(env, info, 1, &pid) ? result_value(env, getsid(pid)) : NULL;
}

napi_value group_of(napi_env env, napi_callback_info info) {
  int32_t pid;
  return take_integers(env, info, 1, &pid) ? result_value(env, getpgid(pid)) : NULL;
}

napi_value io_priority_of(napi_env env, napi_callback_info info) {
  int32_t pid;
  return take_integers(env, info, 1, &pid) ? result_value(env, syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, pid)) : NULL;
}

napi_value open_process(napi_env env, napi_callback_info info) {
  int32_t pid;
  return take_integers(env, info, 1, &pid) ? result_value(env, syscall(SYS_pidfd_open, pid, 0)) : NULL;
}

napi_value signal_process(napi_env env, napi_callback_info info) {
  int32_t arguments[2]; /* descriptor, signal */
  if (!take_integers(env, info, 2, arguments)) return NULL;
  return result_value(env, syscall(SYS_pidfd_send_signal, arguments[0], arguments[1], NULL, 0));
}

napi_value open_files_as(napi_env env, napi_callback_info info) {
  int32_t ids[2]; /* user, group; the upper half of an id is a negative number here, and the kernel's again below */
  int death_signal = 0;
  if (!take_integers(env, info, 2, ids)) return NULL;
  int dumpable = prctl(PR_GET_DUMPABLE);
  prctl(PR_GET_PDEATHSIG, &death_signal);
  /* Of this thread alone. Who may not change an id keeps it, and is not told. */
  syscall(SYS_setfsgid, ids[1]);
  syscall(SYS_setfsuid, ids[0]);
  /* The kernel takes both away at each change. */
  if (dumpable == 1) prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
  prctl(PR_SET_PDEATHSIG, (long)death_signal, 0L, 0L, 0L);
  return NULL;
}
