// Becoming another program: execve(2), with the search of execvp(3), but never through a shell.
#ifndef RINGMASTER_BECOME_H
#define RINGMASTER_BECOME_H

#include <stdbool.h>
#include "syscalls.h"
#include "text.h"

enum { MAX_PATH = 4096 };
static const char DEFAULT_PATH[] = "/usr/local/bin:/bin:/usr/bin";
static const char EXEC[] = "exec", INTERPRETER[] = "interpreter";

// Why it could not be done, and at which step.
struct refusal {
  long error;
  const char *step;
};

static struct refusal search(const char *path, char *const *command, char *const *environment);
static struct refusal execute(const char *file, char *const *command, char *const *environment);
static int rank(struct refusal refusal);

// Returns only if it cannot be done.
static struct refusal become(char *const *command, char *const *environment) {
  const char *path = DEFAULT_PATH;
  if (**command == 0) return (struct refusal){ENOENT, EXEC};
  for (const char *at = *command; *at != 0; at++) if (*at == '/') return execute(*command, command, environment);
  for (char *const *at = environment; *at != NULL; at++) {
    const char *value = *at;
    if (!take(&value, "PATH=")) continue;
    path = value;
    break;
  }
  return search(path, command, environment);
}

// Tries each folder of `path`; an empty one is the current folder. Goes on after a file that is not there or not for us,
// and reports the first of the latter, if any; another error ends it.
static struct refusal search(const char *path, char *const *command, char *const *environment) {
  size_t length = length_of(*command) + 1;
  struct refusal worst = {ENOENT, EXEC};
  for (;; path++) {
    char file[MAX_PATH];
    struct refusal refusal = {ENAMETOOLONG, EXEC};
    size_t folder = 0;
    while (path[folder] != 0 && path[folder] != ':') folder++;
    size_t prefix = folder > 0 ? folder + 1 : 0;
    if (prefix + length <= sizeof file) {
      memcpy(file, path, folder);
      file[folder] = '/';
      memcpy(file + prefix, *command, length);
      refusal = execute(file, command, environment);
    }
    if (rank(refusal) > rank(worst)) worst = refusal;
    path += folder;
    if (rank(worst) == 3 || *path == 0) return worst;
  }
}

// Returns only if the kernel refuses. ENOENT for a file that exists is about its interpreter.
static struct refusal execute(const char *file, char *const *command, char *const *environment) {
  long error = -sys_execve(file, command, environment);
  bool is_there = (error == ENOENT || error == ENOTDIR) && sys_exists(file) == 0;
  return (struct refusal){error, is_there ? INTERPRETER : EXEC};
}

// How much a refusal says: 0 no such file, 1 none that could be named, 2 there but not for us, 3 ends the search.
static int rank(struct refusal refusal) {
  switch (refusal.error) {
    case ENOENT: case ENOTDIR: return refusal.step == INTERPRETER ? 2 : 0;
    case ESTALE: case ENODEV: case ETIMEDOUT: return 0; // network file systems
    case ENAMETOOLONG: return 1;
    case EACCES: case EPERM: return 2;
    default: return 3;
  }
}

#endif
