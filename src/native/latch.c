// The latch: keeps the signals that come before Ringmaster can listen. The entry has the loader of Node.js load it first of all
// (LD_PRELOAD), with signals blocked. Its constructor takes them and lets them come; what comes is counted.
//
// Node.js resets every signal when it starts, and has SIGUSR1 open its debugger: so sigaction() is the latch's own, and what
// Node.js asks for is noted down and not done. The addon then takes signal after signal, with what has come of it, and releases
// the others, which do what they do to any Node.js. From then on sigaction() is that of the C library.
//
// Not taken: SIGCHLD, without which Node.js loses its children, and what a fault raises.
//
// No C library is linked, as with the addon: each name is found in the one that is there, glibc or musl. A Node.js that loads no
// libraries has no latch, and src/os/entry.ts says so.
#include "latch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

// More of one signal than this, before anybody listens, are not counted.
enum { SIGNALS = 64, MAX_COUNT = 1000 };

typedef int action_function(int, const struct sigaction *, struct sigaction *);

// glibc's, whose sigaction() is another name for it. musl has only the one name, and dlsym() for sure.
extern action_function __sigaction __attribute__((weak));
extern void *dlsym(void *, const char *) __attribute__((weak));
// What every Node.js has, and no shell that somebody calls "node" to find one.
extern void napi_module_register(void *) __attribute__((weak));

// Static because a handler has no other way to its data, and dispositions belong to the whole process.
static action_function *original;
static atomic_bool is_latched[SIGNALS + 1];
static atomic_uint arrived[SIGNALS + 1];
static struct sigaction wanted[SIGNALS + 1];
static latch_listener *_Atomic listener;

static bool find_original(void) {
  if (original == NULL) original = __sigaction;
  if (original == NULL && dlsym != NULL) original = (action_function *)dlsym((void *)-1L /* RTLD_NEXT */, "sigaction");
  return original != NULL;
}

static bool is_ours(int signal) {
  return signal >= 1 && signal <= SIGNALS && atomic_load(&is_latched[signal]);
}

static void hand_over(int signal) {
  for (unsigned count = atomic_exchange(&arrived[signal], 0); count > 0; count--) atomic_load(&listener)(signal);
}

// May run in any thread, and a moment after somebody else has taken the signal.
static void note(int signal) {
  if (atomic_load(&arrived[signal]) < MAX_COUNT) atomic_fetch_add(&arrived[signal], 1);
  if (!atomic_load(&is_latched[signal]) && atomic_load(&listener) != NULL) hand_over(signal);
}

static bool may_take(int signal) {
  switch (signal) {
    case SIGCHLD: case SIGSEGV: case SIGBUS: case SIGILL: case SIGFPE: case SIGTRAP: case SIGSYS: case SIGABRT: return false;
    default: return true;
  }
}

__attribute__((constructor)) static void take_all(void) {
  struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
  sigset_t none = {0};
  if (napi_module_register == NULL || !find_original()) return;
  for (int signal = 1; signal <= SIGNALS; signal++) {
    // The kernel and the C library keep some to themselves.
    if (may_take(signal) && original(signal, &action, NULL) == 0) atomic_store(&is_latched[signal], true);
  }
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// In place of the C library's.
__attribute__((visibility("default"))) int sigaction(int signal, const struct sigaction *restrict new, struct sigaction *restrict old) {
  if (!is_ours(signal)) {
    if (find_original()) return original(signal, new, old);
    errno = ENOSYS;
    return -1;
  }
  if (old != NULL) *old = wanted[signal];
  if (new != NULL) wanted[signal] = *new;
  return 0;
}

int ringmaster_latch_take(int signal, const struct sigaction *action, latch_listener *takes) {
  if (original(signal, action, NULL) != 0) return -1;
  atomic_store(&listener, takes);
  if (!is_ours(signal)) return 0;
  atomic_store(&is_latched[signal], false);
  hand_over(signal);
  return 0;
}

void ringmaster_latch_release(void) {
  const struct sigaction ignore = {.sa_handler = SIG_IGN};
  for (int signal = 1; signal <= SIGNALS; signal++) {
    if (!is_ours(signal)) continue;
    atomic_store(&is_latched[signal], false);
    // No signal ever opens the debugger.
    original(signal, signal == SIGUSR1 ? &ignore : &wanted[signal], NULL);
    if (atomic_exchange(&arrived[signal], 0) > 0) raise(signal);
  }
}
