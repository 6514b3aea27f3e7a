// The writers and the reader of the benchmark of logs.
//   lines write GO ID LINES      writes half of LINES lines, so that what is in between is warm, then "start TIME PID" to the file
//                                in STAMP; waits until there is a file GO, writes the rest, and stays
//   lines read LINES COMMAND...  runs COMMAND, its stdout a pipe, and reads that; writes "first TIME PID" (of COMMAND) when the first
//                                line of the rest has come, and "last TIME WRONG" when LINES lines have come, or nothing for long:
//                                WRONG of them were torn, lost, or out of order
//   lines check LINES            the same of stdin
// A line is "<ID NUMBER xxx...>", with its newline 100 bytes; 40 are written at once. What stands before and behind it is looked past.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 100, AT_ONCE = 40, MOST_WRITERS = 100, PATIENCE_MS = 2000 };

static int stamps;
static long next[MOST_WRITERS];
static long seen, wrong;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void stamp(const char *word, long long time, long number) {
  char text[80];
  const int length = snprintf(text, sizeof text, "%s %lld %ld\n", word, time, number);
  if (write(stamps, text, (size_t)length) != length) _exit(98);
}

static void write_all(const char *at, size_t left) {
  while (left > 0) {
    const ssize_t written = write(1, at, left);
    if (written < 0) _exit(95);
    at += written;
    left -= (size_t)written;
  }
}

/* One by one, as a program makes them. */
static void write_lines(int id, long from, long to) {
  char block[AT_ONCE * LINE];
  while (from < to) {
    int count = 0;
    for (; count < AT_ONCE && from < to; count++) {
      char *line = block + count * LINE, head[20];
      const int length = snprintf(head, sizeof head, "<%02d %08ld ", id, from++);
      memset(line, 'x', LINE);
      memcpy(line, head, (size_t)length);
      line[LINE - 2] = '>';
      line[LINE - 1] = '\n';
    }
    write_all(block, (size_t)count * LINE);
  }
}

static void write_all_lines(const char *go, int id, long lines) {
  write_lines(id, 0, lines / 2);
  stamp("start", now(), getpid());
  while (access(go, F_OK) != 0) nanosleep(&(struct timespec){0, 1000000}, NULL);
  write_lines(id, lines / 2, lines);
  pause();
}

static void look_at(const char *line, const char *end) {
  const char *begin = memchr(line, '<', (size_t)(end - line));
  if (begin == NULL) return;
  seen++;
  long id = 0, number = 0;
  const int is_whole = end - begin >= LINE - 1 && begin[LINE - 2] == '>';
  for (int i = 1; is_whole && i < 3; i++) id = id * 10 + begin[i] - '0';
  for (int i = 4; is_whole && i < 12; i++) number = number * 10 + begin[i] - '0';
  if (!is_whole || id < 0 || id >= MOST_WRITERS || number != next[id]) wrong++;
  if (is_whole && id >= 0 && id < MOST_WRITERS) next[id] = number + 1;
}

static void read_lines(int fd, long lines, long pid) {
  static char buffer[1 << 17];
  struct pollfd some = {.fd = fd, .events = POLLIN};
  size_t have = 0;
  long long last = 0;
  while (seen < lines && poll(&some, 1, last ? PATIENCE_MS : -1) > 0) {
    const ssize_t got = read(fd, buffer + have, sizeof buffer - have);
    if (got <= 0) break;
    const long before = seen;
    char *at = buffer, *end = buffer + have + got, *newline;
    for (; (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; at = newline + 1) look_at(at, newline);
    have = (size_t)(end - at);
    if (have == sizeof buffer) _exit(94);
    memmove(buffer, at, have);
    if (seen == before || seen <= lines / 2) continue;
    last = now();
    if (before <= lines / 2) stamp("first", last, pid);
  }
  stamp("last", last, wrong + lines - seen);
  if (pid != 0) pause();
}

static void run(char **command, long lines) {
  int fds[2];
  if (pipe(fds) != 0) _exit(93);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(fds[1], 1);
    close(fds[0]);
    close(fds[1]);
    execvp(command[0], command);
    _exit(127);
  }
  close(fds[1]);
  read_lines(fds[0], lines, pid);
}

int main(int count, char **arguments) {
  const char *path = getenv("STAMP");
  const char *mode = count > 1 ? arguments[1] : "";
  if (path == NULL || count < 3) return 97;
  stamps = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (stamps < 0) return 96;
  if (strcmp(mode, "write") == 0) write_all_lines(arguments[2], atoi(arguments[3]), atol(arguments[4]));
  else if (strcmp(mode, "read") == 0) run(arguments + 3, atol(arguments[2]));
  else read_lines(0, atol(arguments[2]), 0);
  return 0;
}
