/* UNIX sockets: one that listens, whether somebody listens at one, and who is at the other end of one. */
#include "native.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* False when there is no path, which has thrown; a path that is too long leaves `address` without one. */
static bool take_path(napi_env env, napi_value argument, struct sockaddr_un *address) {
  size_t length = 0;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (napi_get_value_string_utf8(env, argument, NULL, 0, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot use a socket: a path is needed");
    return false;
  }
  if (length < sizeof address->sun_path) {
    napi_get_value_string_utf8(env, argument, address->sun_path, sizeof address->sun_path, &length);
  }
  return true;
}

static int open_local(bool is_blocking) {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (is_blocking ? 0 : SOCK_NONBLOCK), 0);
}

/* `fd` where all went well, else the negative errno, and `fd` is closed. */
static napi_value conclude(napi_env env, int fd, bool is_done) {
  if (is_done) return integer_value(env, fd);
  napi_value failure = result_value(env, -1);
  if (fd >= 0) close(fd);
  return failure;
}

/* Linux gives the file the mode of the socket, less the umask: it has no other one, not even for a moment. */
static bool bind_with_mode(int fd, const struct sockaddr_un *address, mode_t mode) {
  if (fchmod(fd, mode) != 0) return false;
  const mode_t before = umask(0);
  const int result = bind(fd, (const struct sockaddr *)address, sizeof *address);
  const int failure = errno;
  umask(before);
  errno = failure;
  return result == 0;
}

napi_value listen_local(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  size_t given = 4;
  uint32_t mode;
  int32_t backlog;
  bool is_blocking;
  struct sockaddr_un address;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (!take_path(env, arguments[0], &address)) return NULL;
  if (napi_get_value_uint32(env, arguments[1], &mode) != napi_ok ||
      napi_get_value_int32(env, arguments[2], &backlog) != napi_ok ||
      napi_get_value_bool(env, arguments[3], &is_blocking) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot listen: a mode, a backlog and a boolean are needed");
    return NULL;
  }
  if (address.sun_path[0] == 0) return integer_value(env, -ENAMETOOLONG);
  const int fd = open_local(is_blocking);
  return conclude(env, fd, fd >= 0 && bind_with_mode(fd, &address, (mode_t)mode) && listen(fd, backlog) == 0);
}

napi_value connect_local(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t given = 1;
  struct sockaddr_un address;
  napi_get_cb_info(env, info, &given, &argument, NULL, NULL);
  if (!take_path(env, argument, &address)) return NULL;
  if (address.sun_path[0] == 0) return integer_value(env, -ENAMETOOLONG);
  const int fd = open_local(false);
  return conclude(env, fd, fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
}

napi_value peer_of(napi_env env, napi_callback_info info) {
  int32_t fd;
  struct ucred peer;
  socklen_t size = sizeof peer;
  napi_value result;
  if (!take_integers(env, info, 1, &fd)) return NULL;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return result_value(env, -1);
  const int64_t parts[] = {peer.pid, peer.uid, peer.gid};
  napi_create_array_with_length(env, 3, &result);
  for (uint32_t i = 0; i < 3; i++) napi_set_element(env, result, i, integer_value(env, parts[i]));
  return result;
}
