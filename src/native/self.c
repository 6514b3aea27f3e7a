/* What this process is to the kernel: adopter of orphans, child of its parent, who holds a lock, and when it ends. */
#include "native.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

napi_value become_subreaper(napi_env env, napi_callback_info info) {
  (void)info;
  return result_value(env, prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L));
}

napi_value on_parent_death(napi_env env, napi_callback_info info) {
  int32_t arguments[2]; /* signal, parent */
  if (!take_integers(env, info, 2, arguments)) return NULL;
  int result = prctl(PR_SET_PDEATHSIG, (long)arguments[0], 0L, 0L, 0L);
  /* A parent that died before the call sends nothing any more. */
  if (result == 0 && getppid() != arguments[1]) result = kill(getpid(), arguments[0]);
  return result_value(env, result);
}

napi_value lock(napi_env env, napi_callback_info info) {
  int32_t arguments[2]; /* fd, whether it is shared */
  if (!take_integers(env, info, 2, arguments)) return NULL;
  return result_value(env, flock(arguments[0], (arguments[1] ? LOCK_SH : LOCK_EX) | LOCK_NB));
}

napi_value page_size(napi_env env, napi_callback_info info) {
  (void)info;
  return integer_value(env, getpagesize());
}

napi_value exit_now(napi_env env, napi_callback_info info) {
  int32_t code;
  if (!take_integers(env, info, 1, &code)) return NULL;
  _exit(code);
}
