// The entry: what an image starts. It becomes the Node.js that runs Ringmaster, so that no process of its own stays. A static
// program without a C library, which is done in well under a millisecond.
//
//   ringmaster-entry [ARGUMENT...]
//
// What is beside it, links followed: ringmaster.cjs, which Node.js runs with the arguments; ringmaster-latch.so, see latch.c; and
// perhaps a link "node" to the Node.js to run, else it is the one in PATH.
//
// Four things that nothing in JavaScript can do, for Node.js has been at work before it:
// - From the first instruction on signals are blocked, for "run" and "exec", until the latch has handlers for them.
// - The variables that change what Node.js does, or load code into it, are set aside: they are the children's. X is called
//   RINGMASTER_ENTRY_X until src/os/entry.ts gives it its name back.
// - Arguments and variables of "exec" that are no UTF-8 are written so that they survive JavaScript: see bytes.h.
// - What follows "--" are no options of Node.js, which looks for some, such as --env-file, behind its script too.
//
// RINGMASTER_ENTRY says what it was started with: "IGNORED:BLOCKED:LATCH", two sets of signals in hexadecimal digits, bit N-1 for
// signal N, and "latch" or "none".
#include "become.h"
#include "bytes.h"
#include "start.h"

// The kernel takes no string of more than 128 KiB: where all that has to be rewritten is longer than MAX_ESCAPED, nothing is escaped.
enum { EXIT_INTERNAL = 70, MAX_LINKS = 40, MAX_ESCAPED = 100000, AT_EXECFN = 31 };

static const char *const SET_ASIDE[] = {
  "LD_AUDIT", "LD_PRELOAD", "NODE_COMPILE_CACHE", "NODE_DEBUG", "NODE_DEBUG_NATIVE", "NODE_OPTIONS", "NODE_PATH",
  "NODE_PENDING_DEPRECATION", "NODE_REDIRECT_WARNINGS", "NODE_V8_COVERAGE", "OPENSSL_CONF", "UV_THREADPOOL_SIZE",
  // These for "run" and "exec" alone, which look at nobody's certificate and use no proxy: Node.js 20 reads the certificates
  // before all else, in 30 ms if there are 144 of them.
  "NODE_EXTRA_CA_CERTS", "NODE_USE_ENV_PROXY", "NODE_USE_SYSTEM_CA",
};
enum { SETS_ASIDE = sizeof SET_ASIDE / sizeof *SET_ASIDE, SETS_ASIDE_OF_CLIENTS = SETS_ASIDE - 3 };
static const char PREFIX[] = "RINGMASTER_ENTRY_", REPORT[] = "RINGMASTER_ENTRY=", PRELOAD[] = "LD_PRELOAD=";
enum { PREFIX_LENGTH = sizeof PREFIX - 1 };

// As in latch.c: SIGCHLD, and what a fault raises: ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS.
static const uint64_t LEFT_ALONE = 1u << 16 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 10 | 1u << 30;

static bool is_command(const char *given, const char *command);
static uint64_t ignored_signals(void);
static bool find_folder(const char *path, char folder[MAX_PATH]);
static const char *own_path(char *const *environment);
static bool find_latch(const char *path);
static bool is_set_aside(const char *variable, size_t names);
static size_t room_for(const char *text, bool is_aside, bool escapes);
static size_t room_for_all(char *const *arguments, char *const *environment, size_t names, bool escapes);
static char *rewrite(char *text, bool is_aside, bool escapes, char **room);
static char *append(char *to, const char *text);
static char *append_set(char *to, uint64_t set);
static _Noreturn void fail(const char *what, const char *why, long error);
static void say(const char *text);

// What lies on the stack: the number of arguments, the arguments, NULL, the environment, NULL, what the kernel tells.
void start(char **stack) {
  uint64_t blocked;
  sys_swap_mask(~LEFT_ALONE, &blocked);
  const long count = (long)stack[0];
  char **arguments = stack + 1, **environment = arguments + count + 1;
  size_t variables = 0;
  while (environment[variables] != NULL) variables++;

  char folder[MAX_PATH], script[MAX_PATH + 32], latch[MAX_PATH + 64], node[MAX_PATH + 8], report[64];
  if (!find_folder(own_path(environment), folder)) fail("its own folder", "", ENAMETOOLONG);
  append(append(script, folder), "ringmaster.cjs");
  append(append(node, folder), "node");
  append(append(append(latch, PRELOAD), folder), "ringmaster-latch.so");
  if (sys_exists(script) < 0) fail(script, ": install Ringmaster again, or run \"npm run build\" in a clone", 0);

  // Those that live for long answer to signals; the others end by them, as any program does.
  const char *given = count > 1 ? arguments[1] : "";
  const bool is_exec = is_command(given, "exec"), answers = is_exec || is_command(given, "run");
  const size_t names = answers ? SETS_ASIDE : SETS_ASIDE_OF_CLIENTS;
  const bool has_latch = answers && find_latch(latch + sizeof PRELOAD - 1);
  char *end = append_set(append(report, REPORT), ignored_signals());
  append(append_set(append(end, ":"), blocked), has_latch ? ":latch" : ":none");
  if (!has_latch) sys_set_mask(blocked);

  const bool escapes = is_exec && room_for_all(arguments, environment, names, true) <= MAX_ESCAPED;
  char all_room[room_for_all(arguments, environment, names, escapes) + 1], *room = all_room;
  char *sorted[variables + 3], **last = sorted;
  for (size_t i = 0; i < variables; i++) {
    // A name that is ours alone is not what it seems.
    const char *rest = environment[i];
    if (take(&rest, "RINGMASTER_ENTRY") && (*rest == '=' || *rest == '_')) continue;
    *last++ = rewrite(environment[i], is_set_aside(environment[i], names), escapes, &room);
  }
  *last++ = report;
  if (has_latch) *last++ = latch;
  *last = NULL;

  char *command[count + 4], **argument = command;
  *argument++ = "node";
  *argument++ = "--";
  *argument++ = script;
  for (long i = 1; i < count; i++) *argument++ = rewrite(arguments[i], false, escapes, &room);
  *argument = NULL;
  struct refusal refusal = execute(node, command, sorted);
  if (rank(refusal) == 0) refusal = become(command, sorted);
  if (rank(refusal) == 0) fail("Node.js", ": there is no \"node\" in PATH", 0);
  fail("Node.js", "", refusal.error);
}

static bool is_command(const char *given, const char *command) {
  return take(&given, command) && *given == 0;
}

static uint64_t ignored_signals(void) {
  uint64_t set = 0;
  for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
    struct action action;
    if (sys_get_action(signal, &action) == 0 && action.handler == IGNORE_SIGNAL) set |= UINT64_C(1) << (signal - 1);
  }
  return set;
}

// The path by which the kernel was asked to execute this program; it is there without /proc too.
static const char *own_path(char *const *environment) {
  while (*environment != NULL) environment++;
  for (const uintptr_t *pair = (const uintptr_t *)(environment + 1); pair[0] != 0; pair += 2)
    if (pair[0] == AT_EXECFN) return (const char *)pair[1];
  return "";
}

// The folder of the file to which `path` leads, with a slash at its end. False when it is too long.
static bool find_folder(const char *path, char folder[MAX_PATH]) {
  size_t length = length_of(path);
  if (length >= MAX_PATH) return false;
  memcpy(folder, path, length + 1);
  for (int links = 0; links < MAX_LINKS; links++) {
    char target[MAX_PATH];
    long read = sys_readlink(folder, target, sizeof target);
    size_t end = length_of(folder);
    while (end > 0 && folder[end - 1] != '/') end--;
    if (read < 0) { // EINVAL: no link
      append(folder + end, end == 0 ? "./" : "");
      return true;
    }
    if (*target == '/') end = 0;
    if (end + (size_t)read >= MAX_PATH) return false;
    memcpy(folder + end, target, (size_t)read);
    folder[end + (size_t)read] = 0;
  }
  return false;
}

// The loader takes spaces and colons in LD_PRELOAD for ends of a path.
static bool find_latch(const char *path) {
  bool is_good = sys_exists(path) == 0;
  for (const char *at = path; *at != 0; at++) is_good = is_good && *at != ' ' && *at != ':';
  if (is_good) return true;
  say("ringmaster: signals of the first moment may be lost: cannot load ");
  say(path);
  say("\n");
  return false;
}

// Whether it is one of the first `names` of SET_ASIDE.
static bool is_set_aside(const char *variable, size_t names) {
  for (size_t i = 0; i < names; i++) {
    const char *rest = variable;
    if (take(&rest, SET_ASIDE[i]) && *rest == '=') return true;
  }
  return false;
}

// What `text` takes where it cannot stay as it is.
static size_t room_for(const char *text, bool is_aside, bool escapes) {
  const size_t length = length_of(text), written = escapes ? escaped_length(text) : length;
  return is_aside || written > length ? PREFIX_LENGTH + written + 1 : 0;
}

static size_t room_for_all(char *const *arguments, char *const *environment, size_t names, bool escapes) {
  size_t room = 0;
  for (; *arguments != NULL; arguments++) room += room_for(*arguments, false, escapes);
  for (; *environment != NULL; environment++) room += room_for(*environment, is_set_aside(*environment, names), escapes);
  return room;
}

// Returns `text`, or what it is rewritten to, at the begin of `room`.
static char *rewrite(char *text, bool is_aside, bool escapes, char **room) {
  if (room_for(text, is_aside, escapes) == 0) return text;
  char *begin = *room, *rest = append(begin, is_aside ? PREFIX : "");
  *room = (escapes ? escape(rest, text) : append(rest, text)) + 1;
  return begin;
}

// Writes `text` with its 0; returns where that is.
static char *append(char *to, const char *text) {
  size_t length = length_of(text);
  memcpy(to, text, length + 1);
  return to + length;
}

static char *append_set(char *to, uint64_t set) {
  for (int shift = 60; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[set >> shift & 15];
  *to = 0;
  return to;
}

static void fail(const char *what, const char *why, long error) {
  char digits[12] = {0}, *end = digits + 11;
  say("ringmaster: cannot start ");
  say(what);
  say(why);
  if (error > 0) {
    say(": errno ");
    say(number_before(end, (unsigned)error));
  }
  say("\n");
  sys_exit(EXIT_INTERNAL);
}

static void say(const char *text) { sys_write(2, text, length_of(text)); }
