/*
 * Listening to signals by number: process.on() knows no real-time signals, and cannot tell who sent a SIGSEGV.
 *
 * Handlers of our own count what arrives and wake the loop. libuv's write each arrival into a pipe instead, and lose it
 * when that is full: some 2,000 SIGCHLD between two turns of the loop are enough to lose a SIGTERM.
 */
#include "latch.h"
#include "native.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

enum { SIGNALS = 64 };

/* Static because a handler has no other way to its data, and dispositions belong to the whole process. */
static uv_async_t wake;
static bool is_ready;
static uv_signal_t children;
static struct callback callbacks[SIGNALS + 1];
static atomic_uint arrived[SIGNALS + 1];

void note_signal(int signal) {
  int saved_errno = errno;
  atomic_fetch_add(&arrived[signal], 1);
  uv_async_send(&wake);
  errno = saved_errno;
}

static void on_wake(uv_async_t *handle) {
  (void)handle;
  for (int signal = 1; signal <= SIGNALS; signal++) {
    for (unsigned count = atomic_exchange(&arrived[signal], 0); count > 0; count--) {
      call_back(&callbacks[signal], 1, &signal, FLAG_NONE);
    }
  }
}

static void on_uv_signal(uv_signal_t *handle, int signal) {
  (void)handle;
  call_back(&callbacks[signal], 1, &signal, FLAG_NONE);
}

/* libuv needs the handler of this one itself. */
static int listen_to_children(uv_loop_t *loop) {
  if (children.loop == NULL) {
    int failed = uv_signal_init(loop, &children);
    if (failed) return failed;
    uv_unref((uv_handle_t *)&children);
  }
  return uv_signal_start(&children, on_uv_signal, SIGCHLD);
}

static int set_handler(int signal) {
  struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
  sigset_t blocked;
  sigfillset(&action.sa_mask);
  /* What came before is counted then, and wakes the loop. */
  int failed = ringmaster_latch_take != NULL ? ringmaster_latch_take(signal, &action, note_signal)
                                             : sigaction(signal, &action, NULL);
  if (failed != 0) return -errno;
  if (signal != SIGUSR1) return 0;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  return -pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
}

static int listen_to(uv_loop_t *loop, int signal) {
  if (signal == SIGCHLD) return listen_to_children(loop);
  if (!is_ready) {
    int failed = uv_async_init(loop, &wake, on_wake);
    if (failed) return failed;
    uv_unref((uv_handle_t *)&wake);
    is_ready = true;
  }
  return is_fault(signal) ? listen_to_fault(signal) : set_handler(signal);
}

napi_value on_signal(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  int32_t signal;
  uv_loop_t *loop;
  if (!take_integers(env, info, 1, &signal)) return NULL;
  if (signal < 1 || signal > SIGNALS) return integer_value(env, -EINVAL);
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (!keep_callback(env, arguments[1], &callbacks[signal])) return NULL;
  napi_get_uv_event_loop(env, &loop);
  return integer_value(env, listen_to(loop, signal));
}

napi_value has_latch(napi_env env, napi_callback_info info) {
  (void)info;
  return boolean_value(env, ringmaster_latch_take != NULL);
}

napi_value release_signals(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  if (ringmaster_latch_release != NULL) ringmaster_latch_release();
  return NULL;
}
