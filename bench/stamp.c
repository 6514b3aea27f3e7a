// The child and the launcher of the benchmarks. Times are CLOCK_MONOTONIC in ns, written as text to the file (or pipe) in STAMP.
//   stamp exec COMMAND...  writes "exec TIME" and becomes COMMAND
//   stamp start            writes "start TIME" first thing, and exits
//   stamp signals          writes "start TIME PID", then "signal TIME" for each SIGUSR2; exits on SIGTERM
//   stamp exit             as signals, but at SIGUSR2 writes "exit TIME" and exits
//   stamp lines MB         writes MB million bytes a second to stdout in lines of 100, until SIGTERM
//   stamp storm COUNT      writes "start TIME PID"; at SIGUSR2 leaves COUNT double-forked orphans and writes "done TIME MISSING"; exits on SIGTERM
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int file;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void stamp(const char *word, long long time, int number) {
  char line[80];
  const int length = snprintf(line, sizeof line, "%s %lld %d\n", word, time, number);
  if (write(file, line, (size_t)length) != length) _exit(98);
}

static void leave_orphans(int count) {
  int missing = 0;
  for (int i = 0; i < count; i++) {
    const pid_t parent = fork();
    if (parent == 0) _exit(fork() < 0);
    int status;
    if (parent < 0 || waitpid(parent, &status, 0) != parent || status != 0) missing++;
  }
  stamp("done", now(), missing);
}

static void wait_for_signals(const char *mode, int orphans) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  stamp("start", now(), getpid());
  for (int got; sigwait(&set, &got) == 0;) {
    const long long time = now();
    if (got == SIGTERM) _exit(0);
    if (strcmp(mode, "exit") == 0) {
      stamp("exit", now(), 0);
      _exit(0);
    }
    if (orphans > 0) leave_orphans(orphans);
    else stamp("signal", time, 0);
  }
}

/* What is behind is written at once, as a program does that was held up. */
static void write_lines(int megabytes) {
  char lines[100 * 100];
  memset(lines, '-', sizeof lines);
  for (size_t at = 99; at < sizeof lines; at += 100) lines[at] = '\n';
  const long long begin = now();
  for (long long done = 0;; done += sizeof lines) {
    const long long ahead = begin + done * 1000 / megabytes - now();
    const struct timespec wait = {ahead / 1000000000LL, ahead % 1000000000LL};
    if (ahead > 0) nanosleep(&wait, NULL);
    for (size_t at = 0; at < sizeof lines;) {
      const ssize_t written = write(1, lines + at, sizeof lines - at);
      if (written < 0) _exit(95);
      at += (size_t)written;
    }
  }
}

int main(int count, char **arguments) {
  const long long begin = now();
  const char *path = getenv("STAMP");
  const char *mode = count > 1 ? arguments[1] : "";
  if (path == NULL) return 97;
  file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return 96;
  if (strcmp(mode, "exec") == 0) {
    stamp("exec", now(), getpid());
    execvp(arguments[2], arguments + 2);
    return 127;
  }
  if (strcmp(mode, "lines") == 0) write_lines(atoi(arguments[2]));
  if (strcmp(mode, "start") != 0) wait_for_signals(mode, count > 2 ? atoi(arguments[2]) : 0);
  stamp("start", begin, getpid());
  return 0;
}
