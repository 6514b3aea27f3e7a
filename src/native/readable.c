/*
 * Which of many descriptors can be read from. One epoll descriptor holds them all, so libuv has one handle however many there
 * are, and never touches them: it would make each non-blocking, also for the children that share it.
 */
#include "native.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MOST_AT_ONCE = 64 };

/* Static because libuv needs a handle that stays where it is. */
static struct callback readable;
static uv_poll_t poll_handle;
static int set = -1;

/* What is not read now is told again in the next turn. */
static void on_poll(uv_poll_t *handle, int status, int events) {
  struct epoll_event ready[MOST_AT_ONCE];
  (void)handle, (void)events;
  if (status < 0) return;
  const int count = epoll_wait(set, ready, MOST_AT_ONCE, 0);
  for (int i = 0; i < count; i++) {
    const int32_t fd = ready[i].data.fd;
    call_back(&readable, 1, &fd, FLAG_NONE);
  }
}

napi_value on_readable(napi_env env, napi_callback_info info) {
  napi_value function;
  size_t count = 1;
  uv_loop_t *loop;
  napi_get_cb_info(env, info, &count, &function, NULL, NULL);
  if (!keep_callback(env, function, &readable)) return NULL;
  if (set >= 0) return integer_value(env, 0);
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return result_value(env, -1);
  napi_get_uv_event_loop(env, &loop);
  const int failed = uv_poll_init(loop, &poll_handle, fd);
  if (failed) {
    close(fd);
    return integer_value(env, failed);
  }
  set = fd;
  uv_unref((uv_handle_t *)&poll_handle);
  return integer_value(env, uv_poll_start(&poll_handle, UV_READABLE, on_poll));
}

napi_value watch_readable(napi_env env, napi_callback_info info) {
  int32_t arguments[2]; /* descriptor, whether it is watched */
  struct epoll_event event = {.events = EPOLLIN};
  if (!take_integers(env, info, 2, arguments)) return NULL;
  event.data.fd = arguments[0];
  return result_value(env, epoll_ctl(set, arguments[1] ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, arguments[0], &event));
}
