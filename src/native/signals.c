/* Listening to signals by number: process.on() knows no real-time signals, and cannot tell who sent a SIGSEGV. */
#include "native.h"

#include <errno.h>
#include <signal.h>

enum { SIGNALS = 64 };

/* Static because a signal's disposition belongs to the whole process, and libuv needs handles that stay where they are. */
static struct {
  uv_signal_t handle;
  struct callback callback;
} listeners[SIGNALS + 1];

static void heard(int signal) {
  call_back(&listeners[signal].callback, 1, &signal, FLAG_NONE);
}

static void on_uv_signal(uv_signal_t *handle, int signal) {
  (void)handle;
  heard(signal);
}

static int listen_to(uv_loop_t *loop, int signal) {
  uv_signal_t *handle = &listeners[signal].handle;
  if (is_fault(signal)) return listen_to_fault(loop, signal, heard);
  if (handle->loop == NULL) {
    int failed = uv_signal_init(loop, handle);
    if (failed) return failed;
    uv_unref((uv_handle_t *)handle);
  }
  int failed = uv_signal_start(handle, on_uv_signal, signal);
  if (failed || signal != SIGUSR1) return failed;
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  return -pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
}

napi_value on_signal(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  int32_t signal;
  uv_loop_t *loop;
  if (!take_integers(env, info, 1, &signal)) return NULL;
  if (signal < 1 || signal > SIGNALS) return integer_value(env, -EINVAL);
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (!keep_callback(env, arguments[1], &listeners[signal].callback)) return NULL;
  napi_get_uv_event_loop(env, &loop);
  return integer_value(env, listen_to(loop, signal));
}
