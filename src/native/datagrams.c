/* Datagrams of Unix sockets, of which Node.js has none, with the credentials of who sent them. */
#include "native.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  /* SCM_MAX_FD of Linux: who has room for all keeps the kernel from closing some in our name. */
  MOST_DESCRIPTORS = 253,
  CONTROL_SIZE = CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int)),
};

/* The length of the address that is written as NOTIFY_SOCKET has it, "/path" or "@name"; 0 when it is none. */
static socklen_t take_address(napi_env env, napi_value value, struct sockaddr_un *address) {
  size_t length = 0;
  /* One character more than fits is asked for, so that what is cut off is seen. */
  char text[sizeof address->sun_path + 1];
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (napi_get_value_string_utf8(env, value, text, sizeof text, &length) != napi_ok || length < 2) return 0;
  if (length >= sizeof address->sun_path || (text[0] != '/' && text[0] != '@')) return 0;
  memcpy(address->sun_path, text, length);
  if (text[0] == '@') address->sun_path[0] = 0;
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (text[0] == '/'));
}

static bool take_bytes(napi_env env, napi_value value, napi_typedarray_type wanted, void **bytes, size_t *length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, bytes, NULL, NULL) == napi_ok && type == wanted;
}

napi_value listen_datagrams(napi_env env, napi_callback_info info) {
  const int on = 1;
  napi_value argument;
  size_t given = 1;
  struct sockaddr_un address;
  napi_get_cb_info(env, info, &given, &argument, NULL, NULL);
  const socklen_t size = take_address(env, argument, &address);
  if (size == 0) return integer_value(env, -EINVAL);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return result_value(env, -1);
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 &&
      bind(fd, (const struct sockaddr *)&address, size) == 0) {
    return integer_value(env, fd);
  }
  napi_value failure = result_value(env, -1);
  close(fd);
  return failure;
}

/* The last descriptor of a TCP connection would linger in close(2) for as long as its sender says. */
static void close_all(const unsigned char *data, size_t length) {
  for (size_t at = 0; at + sizeof(int) <= length; at += sizeof(int)) {
    int fd;
    memcpy(&fd, data + at, sizeof fd);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){0}, sizeof(struct linger));
    close(fd);
  }
}

static void take_control(struct msghdr *message, uint32_t *sender) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    const size_t length = part->cmsg_len - CMSG_LEN(0);
    struct ucred credentials;
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_RIGHTS) close_all(CMSG_DATA(part), length);
    if (part->cmsg_type != SCM_CREDENTIALS || length < sizeof credentials) continue;
    memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
    sender[0] = (uint32_t)credentials.pid;
    sender[1] = credentials.uid;
  }
}

napi_value receive_datagram(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t given = 3, room = 0, fields = 0;
  int32_t fd;
  void *bytes = NULL, *sender = NULL;
  _Alignas(struct cmsghdr) char control[CONTROL_SIZE];
  if (!take_integers(env, info, 1, &fd)) return NULL;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (!take_bytes(env, arguments[1], napi_uint8_array, &bytes, &room) ||
      !take_bytes(env, arguments[2], napi_uint32_array, &sender, &fields) || fields < 2) {
    napi_throw_type_error(env, NULL, "cannot receive: a Uint8Array and a Uint32Array of 2 are needed");
    return NULL;
  }
  struct iovec chunk = {.iov_base = bytes, .iov_len = room};
  struct msghdr message = {
      .msg_iov = &chunk, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  memset(sender, 0, 2 * sizeof(uint32_t));
  const ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0) return result_value(env, -1);
  take_control(&message, sender);
  return integer_value(env, message.msg_flags & MSG_TRUNC ? -EMSGSIZE : length);
}

napi_value send_datagram(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t given = 2, length = 0;
  void *bytes = NULL;
  struct sockaddr_un address;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  const socklen_t size = take_address(env, arguments[0], &address);
  if (size == 0) return integer_value(env, -EINVAL);
  if (!take_bytes(env, arguments[1], napi_uint8_array, &bytes, &length)) {
    napi_throw_type_error(env, NULL, "cannot send: a Uint8Array is needed");
    return NULL;
  }
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return result_value(env, -1);
  const ssize_t sent =
      sendto(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
  napi_value result = result_value(env, sent);
  close(fd);
  return result;
}
