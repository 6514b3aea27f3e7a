/* TCP sockets that listen, made before anybody is there to accept: by then Node.js' own network code need not be loaded. */
#include "native.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESS_SIZE = 64 };

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* 0 or -1 with errno. As libuv does it: an address in TIME_WAIT is free, and "::" takes IPv4 as well. */
static int bind_and_listen(int fd, const union address *address, int backlog, bool reuses_port) {
  const int on = 1, off = 0;
  const bool is_v6 = address->any.sa_family == AF_INET6;
  const socklen_t size = is_v6 ? sizeof address->v6 : sizeof address->v4;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return -1;
  if (reuses_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) return -1;
  if (is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) return -1;
  if (bind(fd, &address->any, size) != 0) return -1;
  return listen(fd, backlog);
}

napi_value listen_tcp(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  size_t given = 5, length;
  int32_t port, backlog;
  bool is_blocking, reuses_port;
  char text[ADDRESS_SIZE];
  union address address;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (napi_get_value_string_latin1(env, arguments[0], text, sizeof text, &length) != napi_ok ||
      napi_get_value_int32(env, arguments[1], &port) != napi_ok ||
      napi_get_value_int32(env, arguments[2], &backlog) != napi_ok ||
      napi_get_value_bool(env, arguments[3], &is_blocking) != napi_ok ||
      napi_get_value_bool(env, arguments[4], &reuses_port) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot listen: an address, a port, a backlog and two booleans are needed");
    return NULL;
  }
  if (uv_ip4_addr(text, port, &address.v4) != 0 && uv_ip6_addr(text, port, &address.v6) != 0) {
    return integer_value(env, -EINVAL);
  }
  const int flags = SOCK_STREAM | SOCK_CLOEXEC | (is_blocking ? 0 : SOCK_NONBLOCK);
  const int fd = socket(address.any.sa_family, flags, 0);
  if (fd < 0) return result_value(env, -1);
  if (bind_and_listen(fd, &address, backlog, reuses_port) == 0) return integer_value(env, fd);
  napi_value failure = result_value(env, -1);
  close(fd);
  return failure;
}

napi_value listen_again(napi_env env, napi_callback_info info) {
  int32_t arguments[2];
  if (!take_integers(env, info, 2, arguments)) return NULL;
  return result_value(env, listen(arguments[0], arguments[1]));
}

napi_value port_of(napi_env env, napi_callback_info info) {
  int32_t fd = 0;
  napi_value argument;
  size_t given = 1;
  union address address;
  socklen_t size = sizeof address;
  napi_get_cb_info(env, info, &given, &argument, NULL, NULL);
  if (napi_get_value_int32(env, argument, &fd) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot tell a port: a descriptor is needed");
    return NULL;
  }
  if (getsockname(fd, &address.any, &size) != 0) return result_value(env, -1);
  const bool is_v6 = address.any.sa_family == AF_INET6;
  return integer_value(env, ntohs(is_v6 ? address.v6.sin6_port : address.v4.sin_port));
}
