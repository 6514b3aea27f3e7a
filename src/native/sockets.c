/*
 * TCP sockets that listen, made before anybody is there to accept: by then Node.js' own network code need not be loaded. And
 * those that connect, without what Node.js makes of each: probes connect hundreds of times a second.
 */
#include "native.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESS_SIZE = 64 };

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static int set(int fd, int level, int option, bool is_on) {
  const int value = is_on;
  return setsockopt(fd, level, option, &value, sizeof value);
}

/* False: it is no address in digits. */
static bool parse(const char *text, int port, union address *address) {
  return uv_ip4_addr(text, port, &address->v4) == 0 || uv_ip6_addr(text, port, &address->v6) == 0;
}

static socklen_t size_of(const union address *address) {
  return address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

/* `fd` where all went well, else the negative errno, and `fd` is closed. */
static napi_value conclude(napi_env env, int fd, bool is_done) {
  if (is_done) return integer_value(env, fd);
  napi_value failure = result_value(env, -1);
  close(fd);
  return failure;
}

/* 0 or -1 with errno. As libuv does it: an address in TIME_WAIT is free, and "::" takes IPv4 as well. */
static int take_address(int fd, const union address *address, bool reuses_port) {
  const bool is_v6 = address->any.sa_family == AF_INET6;
  if (set(fd, SOL_SOCKET, SO_REUSEADDR, true) != 0) return -1;
  if (reuses_port && set(fd, SOL_SOCKET, SO_REUSEPORT, true) != 0) return -1;
  if (is_v6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, false) != 0) return -1;
  return bind(fd, &address->any, size_of(address));
}

napi_value bind_tcp(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  size_t given = 4, length;
  int32_t port;
  bool is_blocking, reuses_port;
  char text[ADDRESS_SIZE];
  union address address;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (napi_get_value_string_latin1(env, arguments[0], text, sizeof text, &length) != napi_ok ||
      napi_get_value_int32(env, arguments[1], &port) != napi_ok ||
      napi_get_value_bool(env, arguments[2], &is_blocking) != napi_ok ||
      napi_get_value_bool(env, arguments[3], &reuses_port) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot bind: an address, a port and two booleans are needed");
    return NULL;
  }
  if (!parse(text, port, &address)) return integer_value(env, -EINVAL);
  const int flags = SOCK_STREAM | SOCK_CLOEXEC | (is_blocking ? 0 : SOCK_NONBLOCK);
  const int fd = socket(address.any.sa_family, flags, 0);
  if (fd < 0) return result_value(env, -1);
  return conclude(env, fd, take_address(fd, &address, reuses_port) == 0);
}

napi_value listen_tcp(napi_env env, napi_callback_info info) {
  int32_t arguments[2];
  if (!take_integers(env, info, 2, arguments)) return NULL;
  return result_value(env, listen(arguments[0], arguments[1]));
}

napi_value share_port(napi_env env, napi_callback_info info) {
  int32_t arguments[2];
  if (!take_integers(env, info, 2, arguments)) return NULL;
  return result_value(env, set(arguments[0], SOL_SOCKET, SO_REUSEPORT, arguments[1] != 0));
}

napi_value address_of(napi_env env, napi_callback_info info) {
  int32_t fd;
  union address address;
  socklen_t size = sizeof address;
  char text[ADDRESS_SIZE];
  napi_value result, host;
  if (!take_integers(env, info, 1, &fd)) return NULL;
  if (getsockname(fd, &address.any, &size) != 0) return result_value(env, -1);
  const bool is_v6 = address.any.sa_family == AF_INET6;
  const int failure = is_v6 ? uv_ip6_name(&address.v6, text, sizeof text) : uv_ip4_name(&address.v4, text, sizeof text);
  if (failure != 0) return integer_value(env, failure);
  napi_create_array_with_length(env, 2, &result);
  napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &host);
  napi_set_element(env, result, 0, host);
  napi_set_element(env, result, 1, integer_value(env, ntohs(is_v6 ? address.v6.sin6_port : address.v4.sin_port)));
  return result;
}

napi_value connect_tcp(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t given = 2, length;
  int32_t port;
  char text[ADDRESS_SIZE];
  union address address;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (napi_get_value_string_latin1(env, arguments[0], text, sizeof text, &length) != napi_ok ||
      napi_get_value_int32(env, arguments[1], &port) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot connect: an address and a port are needed");
    return NULL;
  }
  if (!parse(text, port, &address)) return integer_value(env, -EINVAL);
  const int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return result_value(env, -1);
  return conclude(env, fd, connect(fd, &address.any, size_of(&address)) == 0 || errno == EINPROGRESS);
}

/* Where nobody listens, the kernel may choose the very port that is connected to as our own. */
static bool is_to_itself(const union address *own, const union address *other) {
  if (own->any.sa_family == AF_INET6) {
    return own->v6.sin6_port == other->v6.sin6_port && memcmp(&own->v6.sin6_addr, &other->v6.sin6_addr, sizeof own->v6.sin6_addr) == 0;
  }
  return own->v4.sin_port == other->v4.sin_port && own->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr;
}

napi_value connected_tcp(napi_env env, napi_callback_info info) {
  int32_t fd;
  int failure = 0;
  union address own, other;
  socklen_t failure_size = sizeof failure, own_size = sizeof own, other_size = sizeof other;
  if (!take_integers(env, info, 1, &fd)) return NULL;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size) != 0) return result_value(env, -1);
  if (failure != 0) return integer_value(env, -failure);
  if (getpeername(fd, &other.any, &other_size) != 0) return integer_value(env, errno == ENOTCONN ? -EAGAIN : -errno);
  if (getsockname(fd, &own.any, &own_size) != 0) return result_value(env, -1);
  return integer_value(env, is_to_itself(&own, &other) ? -ECONNREFUSED : 0);
}

napi_value send_bytes(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t given = 2, length;
  int32_t fd;
  void *bytes;
  napi_typedarray_type type;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (napi_get_value_int32(env, arguments[0], &fd) != napi_ok ||
      napi_get_typedarray_info(env, arguments[1], &type, &length, &bytes, NULL, NULL) != napi_ok || type != napi_uint8_array) {
    napi_throw_type_error(env, NULL, "cannot send: a descriptor and a Uint8Array are needed");
    return NULL;
  }
  return result_value(env, send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL));
}
