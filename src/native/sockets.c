/* Listening sockets: one that nobody reads from yet, so that Node.js' own network code can be loaded later. */
#include "native.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel takes at most net.core.somaxconn. */
enum { BACKLOG = 511, ADDRESS_SIZE = 64 };

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* 0 or -1 with errno. As libuv does it: an address in TIME_WAIT is free, and "::" takes IPv4 as well. */
static int bind_and_listen(int fd, const union address *address) {
  const int on = 1, off = 0;
  const bool is_v6 = address->any.sa_family == AF_INET6;
  const socklen_t size = is_v6 ? sizeof address->v6 : sizeof address->v4;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return -1;
  if (is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) return -1;
  if (bind(fd, &address->any, size) != 0) return -1;
  return listen(fd, BACKLOG);
}

napi_value listen_tcp(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t given = 2, length;
  int32_t port;
  char text[ADDRESS_SIZE];
  union address address;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (napi_get_value_string_latin1(env, arguments[0], text, sizeof text, &length) != napi_ok ||
      napi_get_value_int32(env, arguments[1], &port) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot listen: an address and a port are needed");
    return NULL;
  }
  if (uv_ip4_addr(text, port, &address.v4) != 0 && uv_ip6_addr(text, port, &address.v6) != 0) {
    return integer_value(env, -EINVAL);
  }
  const int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return result_value(env, -1);
  if (bind_and_listen(fd, &address) == 0) return integer_value(env, fd);
  napi_value failure = result_value(env, -1);
  close(fd);
  return failure;
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
