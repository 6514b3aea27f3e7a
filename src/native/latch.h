// What the latch offers to the addon: nothing, where there is no latch.
#ifndef RINGMASTER_LATCH_H
#define RINGMASTER_LATCH_H

#include <signal.h>

#define OPTIONAL __attribute__((weak, visibility("default")))

// Called once for each arrival of a signal; from a signal handler too.
typedef void latch_listener(int signal);

// As sigaction(2), also for a signal that the latch keeps; `listener` is called for all that have come of it.
OPTIONAL int ringmaster_latch_take(int signal, const struct sigaction *action, latch_listener *listener);

// Gives up all signals that nobody has taken; one that has come comes again.
OPTIONAL void ringmaster_latch_release(void);

#endif
