/* UNIX sockets: one that listens, whether somebody listens at one, and who is at the other end of one. */
#include "native.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

/* False when there is no path, which has thrown; a path that is too long leaves `address` without one. */
static bool take_path(napi_env env, napi_callback_info info, struct sockaddr_un *address) {
  napi_value argument;
  size_t given = 1, length = 0;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  napi_get_cb_info(env, info, &given, &argument, NULL, NULL);
  if (napi_get_value_string_utf8(env, argument, NULL, 0, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot use a socket: a path is needed");
    return false;
  }
  if (length < sizeof address->sun_path) {
    napi_get_value_string_utf8(env, argument, address->sun_path, sizeof address->sun_path, &length);
  }
  return true;
}

static int open_local(void) {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* `fd` where all went well, else the negative errno, and `fd` is closed. */
static napi_value conclude(napi_env env, int fd, bool is_done) {
  if (is_done) return integer_value(env, fd);
  napi_value failure = result_value(env, -1);
  if (fd >= 0) close(fd);
  return failure;
}

napi_value listen_local(napi_env env, napi_callback_info info) {
  struct sockaddr_un address;
  if (!take_path(env, info, &address)) return NULL;
  if (address.sun_path[0] == 0) return integer_value(env, -ENAMETOOLONG);
  const int fd = open_local();
  /* Linux gives the file the mode of the socket: it is never open to others, not even for a moment. */
  return conclude(env, fd,
                  fd >= 0 && fchmod(fd, 0600) == 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                      listen(fd, BACKLOG) == 0);
}

napi_value connect_local(napi_env env, napi_callback_info info) {
  struct sockaddr_un address;
  if (!take_path(env, info, &address)) return NULL;
  if (address.sun_path[0] == 0) return integer_value(env, -ENAMETOOLONG);
  const int fd = open_local();
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
