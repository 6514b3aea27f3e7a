/*
 * Tells when descriptors can be read or written. uv_poll would make each of them non-blocking, also for those who share it, so
 * libuv watches one epoll descriptor of our own. That holds those to be reported once, and another one with those to be read: a writer
 * that is about as fast as we are would wake us for each of its writes, which costs both of us more than the work itself. So
 * when little has come, and soon after the last, the next look is REST_NS later.
 */
#include "native.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
  MOST_EVENTS = 64,
  READABLE = 1,
  WRITABLE = 2,
  ONCE_READABLE = 3,
  /* A quarter of what a pipe holds. */
  LITTLE_BYTES = 16384,
  SOON_NS = 100000,
  /* In which who writes as fast as can be fills the pipe. */
  REST_NS = 40000,
};

/* Static because there is one loop. */
static uv_poll_t poll_handle;
static int all = -1, readable, timer;
static uint64_t last_look;
static struct callback on_event;

static int change(int epoll, int operation, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  return epoll_ctl(epoll, operation, fd, &event);
}

/* Returns the largest amount that one had to be read. */
static int report(const struct epoll_event *ready, int count) {
  int largest = 0, bytes = 0;
  for (int i = 0; i < count; i++) {
    const int32_t fd = ready[i].data.fd;
    if (ioctl(fd, FIONREAD, &bytes) == 0 && bytes > largest) largest = bytes;
    call_back(&on_event, 1, &fd, FLAG_NONE);
  }
  return largest;
}

static void look(void) {
  struct epoll_event ready[MOST_EVENTS];
  const bool is_soon = uv_hrtime() - last_look < SOON_NS;
  const int count = epoll_wait(readable, ready, MOST_EVENTS, 0);
  const int largest = report(ready, count);
  last_look = uv_hrtime();
  const struct itimerspec rest = {.it_value.tv_nsec = REST_NS};
  if (is_soon && count > 0 && largest < LITTLE_BYTES && timerfd_settime(timer, 0, &rest, NULL) == 0) return;
  change(all, EPOLL_CTL_MOD, readable, EPOLLIN | EPOLLONESHOT);
}

static void on_poll(uv_poll_t *handle, int status, int events) {
  struct epoll_event ready[MOST_EVENTS];
  bool is_due = false;
  (void)handle, (void)status, (void)events;
  const int count = epoll_wait(all, ready, MOST_EVENTS, 0);
  for (int i = 0; i < count; i++) {
    const int32_t fd = ready[i].data.fd;
    if (fd == readable || fd == timer) is_due = true;
    else call_back(&on_event, 1, &fd, FLAG_NONE);
  }
  if (is_due) look();
}

napi_value on_ready(napi_env env, napi_callback_info info) {
  napi_value function;
  size_t given = 1;
  uv_loop_t *loop;
  napi_get_cb_info(env, info, &given, &function, NULL, NULL);
  if (!keep_callback(env, function, &on_event)) return NULL;
  if (all >= 0) return integer_value(env, 0);
  all = epoll_create1(EPOLL_CLOEXEC);
  readable = epoll_create1(EPOLL_CLOEXEC);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (all < 0 || readable < 0 || timer < 0 || change(all, EPOLL_CTL_ADD, readable, EPOLLIN | EPOLLONESHOT) != 0 ||
      /* Edge-triggered: nobody has to read it. */
      change(all, EPOLL_CTL_ADD, timer, EPOLLIN | EPOLLET) != 0) {
    return result_value(env, -1);
  }
  napi_get_uv_event_loop(env, &loop);
  const int failure = uv_poll_init(loop, &poll_handle, all);
  if (failure != 0) return integer_value(env, failure);
  uv_unref((uv_handle_t *)&poll_handle);
  return integer_value(env, uv_poll_start(&poll_handle, UV_READABLE, on_poll));
}

static int change_once(int fd, uint32_t events) {
  if (change(all, EPOLL_CTL_MOD, fd, events | EPOLLONESHOT) == 0) return 0;
  return change(all, EPOLL_CTL_ADD, fd, events | EPOLLONESHOT);
}

static int forget(int fd) {
  const int result = change(readable, EPOLL_CTL_DEL, fd, 0);
  return result == 0 || errno != ENOENT ? result : change(all, EPOLL_CTL_DEL, fd, 0);
}

napi_value watch(napi_env env, napi_callback_info info) {
  int32_t arguments[2];
  if (!take_integers(env, info, 2, arguments)) return NULL;
  const int fd = arguments[0];
  switch (arguments[1]) {
    case READABLE:
      return result_value(env, change(readable, EPOLL_CTL_ADD, fd, EPOLLIN));
    case WRITABLE:
      return result_value(env, change_once(fd, EPOLLOUT));
    case ONCE_READABLE:
      return result_value(env, change_once(fd, EPOLLIN));
    default:
      return result_value(env, forget(fd));
  }
}
