/*
 * The signals that a fault of our own raises. To note them down and carry on would run the faulty instruction again for
 * ever, so these have a handler of their own: what another process sent is passed on to the loop, the rest
 * goes to whoever was there before (V8 turns a SIGSEGV of WebAssembly code into an exception) or ends us.
 */
#include "native.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LAST_FAULT = SIGSYS };

/* Static because a handler has no other way to its data, and dispositions belong to the whole process. */
static struct sigaction previous[LAST_FAULT + 1];
static bool installed[LAST_FAULT + 1];

static void on_fault(int signal, siginfo_t *info, void *context);

bool is_fault(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP ||
         signal == SIGSYS || signal == SIGABRT;
}

static int set_handler(int signal) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  return sigaction(signal, &action, installed[signal] ? NULL : &previous[signal]);
}

/* Does what the kernel would have done without us. */
static void act_as_default(int signal, bool is_raised_by_code) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t set;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
  if (is_raised_by_code) return; /* The instruction runs again, and this time it is the end. */
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  /* Only PID 1 comes here: it does not die of a signal that it sent itself. */
  set_handler(signal);
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  int saved_errno = errno;
  bool is_sent = info->si_code <= 0;
  if (is_sent && info->si_pid != getpid()) {
    note_signal(signal);
  } else if (previous[signal].sa_handler == SIG_DFL || (previous[signal].sa_handler == SIG_IGN && !is_sent)) {
    act_as_default(signal, !is_sent);
  } else if (previous[signal].sa_handler != SIG_IGN) {
    previous[signal].sa_sigaction(signal, info, context); /* A one-argument handler does not mind the other two. */
  }
  errno = saved_errno;
}

int listen_to_fault(int signal) {
  if (installed[signal]) return 0;
  if (set_handler(signal) != 0) return -errno;
  installed[signal] = true;
  return 0;
}
