/* Sessions, process groups and the controlling terminal. */
#include "native.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

napi_value session_id(napi_env env, napi_callback_info info) {
  (void)info;
  return result_value(env, getsid(0));
}

napi_value process_group(napi_env env, napi_callback_info info) {
  (void)info;
  return result_value(env, getpgrp());
}

napi_value terminal_session(napi_env env, napi_callback_info info) {
  int32_t fd;
  if (!take_integers(env, info, 1, &fd)) return NULL;
  return result_value(env, tcgetsid(fd));
}

napi_value foreground_group(napi_env env, napi_callback_info info) {
  int32_t fd;
  if (!take_integers(env, info, 1, &fd)) return NULL;
  return result_value(env, tcgetpgrp(fd));
}

napi_value set_foreground_group(napi_env env, napi_callback_info info) {
  int32_t arguments[2]; /* fd, group */
  sigset_t background, before;
  if (!take_integers(env, info, 2, arguments)) return NULL;
  /* From the background this raises SIGTTOU, which would stop us, unless it is blocked. */
  sigemptyset(&background);
  sigaddset(&background, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &background, &before);
  napi_value result = result_value(env, tcsetpgrp(arguments[0], arguments[1]));
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return result;
}

napi_value release_terminal(napi_env env, napi_callback_info info) {
  int32_t fd;
  struct sigaction ignore = {.sa_handler = SIG_IGN}, hang_up, go_on;
  if (!take_integers(env, info, 1, &fd)) return NULL;
  sigemptyset(&ignore.sa_mask);
  sigaction(SIGHUP, &ignore, &hang_up);
  sigaction(SIGCONT, &ignore, &go_on);
  /* Sends both signals to the foreground group before it returns, when we lead the session. */
  napi_value result = result_value(env, ioctl(fd, TIOCNOTTY));
  sigaction(SIGHUP, &hang_up, NULL);
  sigaction(SIGCONT, &go_on, NULL);
  return result;
}
