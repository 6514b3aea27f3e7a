/*
 * Whether somebody waits at a listening socket. libuv makes what it watches non-blocking, for all who share it: children would
 * get EAGAIN where they mean to wait. So it watches an epoll descriptor of ours, which watches the sockets and changes nothing.
 */
#include "native.h"

#include <errno.h>
#include <sys/epoll.h>

enum { MOST_EVENTS = 16 };

/* Static because there is one loop. */
static uv_poll_t poll_handle;
static int watcher = -1;
static struct callback on_connection;

/* Those that find no room here are still there in the next turn. */
static void on_poll(uv_poll_t *handle, int status, int what) {
  struct epoll_event events[MOST_EVENTS];
  (void)handle, (void)status, (void)what;
  const int count = epoll_wait(watcher, events, MOST_EVENTS, 0);
  for (int i = 0; i < count; i++) {
    const int32_t fd = events[i].data.fd;
    call_back(&on_connection, 1, &fd, FLAG_NONE);
  }
}

/* 0 or a negative errno. */
static int start_watcher(napi_env env) {
  uv_loop_t *loop;
  if (watcher >= 0) return 0;
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return -errno;
  napi_get_uv_event_loop(env, &loop);
  const int failed = uv_poll_init(loop, &poll_handle, fd);
  if (failed) return failed;
  watcher = fd;
  uv_unref((uv_handle_t *)&poll_handle);
  return uv_poll_start(&poll_handle, UV_READABLE, on_poll);
}

napi_value watch_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t given = 2;
  int32_t fd;
  if (!take_integers(env, info, 1, &fd)) return NULL;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (!keep_callback(env, arguments[1], &on_connection)) return NULL;
  const int failed = start_watcher(env);
  if (failed) return integer_value(env, failed);
  struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = fd};
  if (epoll_ctl(watcher, EPOLL_CTL_MOD, fd, &event) == 0) return integer_value(env, 0);
  return result_value(env, epoll_ctl(watcher, EPOLL_CTL_ADD, fd, &event));
}

napi_value unwatch_socket(napi_env env, napi_callback_info info) {
  int32_t fd;
  if (!take_integers(env, info, 1, &fd)) return NULL;
  return result_value(env, epoll_ctl(watcher, EPOLL_CTL_DEL, fd, NULL));
}
