/* Pipes that are real pipes, and writing that never blocks while the descriptor stays as it is for those who share it. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x8
#endif

enum {
  MOST_CHUNKS = 64,
  /* tty_buffer.c of Linux counts room in units of this many bytes. */
  TERMINAL_ROOM = 256,
};

napi_value open_pipe(napi_env env, napi_callback_info info) {
  int fds[2];
  napi_value pair;
  (void)info;
  if (syscall(SYS_pipe2, fds, O_CLOEXEC) != 0) return result_value(env, -1);
  /* The two ends are two descriptions, so the write end stays blocking for the child that gets it. */
  if (fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) {
    napi_value failure = result_value(env, -1);
    close(fds[0]);
    close(fds[1]);
    return failure;
  }
  napi_create_array_with_length(env, 2, &pair);
  for (uint32_t i = 0; i < 2; i++) napi_set_element(env, pair, i, integer_value(env, fds[i]));
  return pair;
}

/* S_IFREG, S_IFSOCK ..., or 0. By number: fstat() is no symbol of glibc before 2.33. */
static mode_t file_type(int fd) {
  struct stat file;
  return syscall(SYS_fstat, fd, &file) == 0 ? file.st_mode & S_IFMT : 0;
}

/*
 * How much of `left` bytes can surely be written after poll() said that there is room. In a terminal that is one unit of
 * room, all of which a single step of output processing can take: so one run of ordinary bytes, or one that is special.
 */
static size_t piece_size(const char *at, size_t left, bool is_terminal) {
  size_t size = 0;
  if (!is_terminal) return left < PIPE_BUF ? left : PIPE_BUF;
  while (size < left && size < TERMINAL_ROOM && at[size] != '\n' && at[size] != '\r' && at[size] != '\t') size++;
  return size == 0 ? 1 : size;
}

static ssize_t write_pieces(int fd, const struct iovec *chunks, int count, bool is_terminal) {
  ssize_t total = 0;
  for (int i = 0; i < count; i++) {
    const char *at = chunks[i].iov_base;
    size_t left = chunks[i].iov_len;
    while (left > 0) {
      struct pollfd room = {.fd = fd, .events = POLLOUT};
      ssize_t written = -1;
      if (poll(&room, 1, 0) == 0) errno = EAGAIN;
      else written = write(fd, at, piece_size(at, left, is_terminal));
      if (written <= 0) return total > 0 ? total : written;
      at += written;
      left -= (size_t)written;
      total += written;
    }
  }
  return total;
}

/* For what does not know RWF_NOWAIT: terminals, most file systems, old kernels. */
static ssize_t write_otherwise(int fd, struct iovec *chunks, int count) {
  struct termios terminal;
  mode_t type = file_type(fd);
  if (type == S_IFREG) return writev(fd, chunks, count);
  if (type == S_IFSOCK) {
    struct msghdr message = {.msg_iov = chunks, .msg_iovlen = (size_t)count};
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  return write_pieces(fd, chunks, count, tcgetattr(fd, &terminal) == 0);
}

static ssize_t write_now(int fd, struct iovec *chunks, int count) {
  /* By number: musl had no pwritev2() for long. Offset -1 is the current one; its upper half is not used on 64 bits. */
  ssize_t written = syscall(SYS_pwritev2, fd, chunks, (long)count, -1L, 0L, (long)RWF_NOWAIT);
  if (written >= 0) return written;
  switch (errno) {
    case EOPNOTSUPP:
    case ENOSYS:
    case EINVAL:
      return write_otherwise(fd, chunks, count);
    case EAGAIN:
      /* XFS and btrfs say this of a regular file when they had to allocate: trying again later would change nothing. */
      if (file_type(fd) == S_IFREG) return writev(fd, chunks, count);
      errno = EAGAIN;
      return -1;
    default:
      return -1;
  }
}

/* The SIGPIPE of a closed pipe is ours, not one that someone sent us, so it must not reach a listener. */
static ssize_t write_quietly(int fd, struct iovec *chunks, int count) {
  sigset_t broken, before;
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken, &before);
  ssize_t written = write_now(fd, chunks, count);
  int failure = errno;
  if (written < 0 && failure == EPIPE) sigtimedwait(&broken, NULL, &(struct timespec){0});
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = failure;
  return written;
}

napi_value write_chunks(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t given = 2, total = 0;
  int32_t fd;
  uint32_t count;
  struct iovec chunks[MOST_CHUNKS];
  if (!take_integers(env, info, 1, &fd)) return NULL;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  if (napi_get_array_length(env, arguments[1], &count) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot write: the chunks are not an array");
    return NULL;
  }
  if (count > MOST_CHUNKS) count = MOST_CHUNKS;
  for (uint32_t i = 0; i < count; i++) {
    napi_value chunk;
    napi_typedarray_type type;
    if (napi_get_element(env, arguments[1], i, &chunk) != napi_ok ||
        napi_get_typedarray_info(env, chunk, &type, &chunks[i].iov_len, &chunks[i].iov_base, NULL, NULL) != napi_ok ||
        type != napi_uint8_array) {
      napi_throw_type_error(env, NULL, "cannot write: a chunk is not a Uint8Array");
      return NULL;
    }
    total += chunks[i].iov_len;
  }
  if (total == 0) return integer_value(env, 0);
  return result_value(env, write_quietly(fd, chunks, (int)count));
}
