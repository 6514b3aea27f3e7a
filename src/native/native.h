/*
 * What the files of the addon share. Each offers what Linux has and Node.js lacks; what to do with it is decided in
 * TypeScript. src/os/native.ts describes every function.
 *
 * Only Node-API 8 and libuv's exported functions are used: both keep their ABI, so one binary serves every Node.js.
 * No C library is linked (see scripts/build.mjs), so nothing here may need a symbol that glibc or musl does not have.
 */
#ifndef RINGMASTER_NATIVE_H
#define RINGMASTER_NATIVE_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* A JavaScript function that libuv's callbacks call later. Empty when zeroed. */
struct callback {
  napi_env env;
  napi_ref function;
};

/* The third argument of `call_back`: a boolean that follows the numbers, or none. */
enum flag { FLAG_FALSE, FLAG_TRUE, FLAG_NONE };

/* addon.c: values in and out. The two that return false have thrown a TypeError. */
bool take_integers(napi_env env, napi_callback_info info, size_t count, int32_t *integers);
bool keep_callback(napi_env env, napi_value function, struct callback *callback);
void call_back(const struct callback *callback, size_t count, const int32_t *numbers, enum flag flag);
napi_value integer_value(napi_env env, int64_t integer);
napi_value boolean_value(napi_env env, bool boolean);
/* `result` as it is, or the negative errno when it is -1. */
napi_value result_value(napi_env env, int64_t result);

/* exits.c */
napi_value reap(napi_env env, napi_callback_info info);
napi_value reap_now(napi_env env, napi_callback_info info);
napi_value own(napi_env env, napi_callback_info info);
napi_value has_stopped(napi_env env, napi_callback_info info);

/* signals.c. `note_signal` is for signal handlers: the callback of `signal` hears of it in the loop. */
napi_value on_signal(napi_env env, napi_callback_info info);
napi_value has_latch(napi_env env, napi_callback_info info);
napi_value release_signals(napi_env env, napi_callback_info info);
void note_signal(int signal);

/* faults.c: the signals that a fault raises. `listen_to_fault` returns 0 or a negative errno. */
bool is_fault(int signal);
int listen_to_fault(int signal);

/* io.c */
napi_value open_pipe(napi_env env, napi_callback_info info);
napi_value write_chunks(napi_env env, napi_callback_info info);

/* lines.c */
napi_value format_lines(napi_env env, napi_callback_info info);

/* readiness.c */
napi_value on_ready(napi_env env, napi_callback_info info);
napi_value watch(napi_env env, napi_callback_info info);

/* checksum.c */
napi_value checksum(napi_env env, napi_callback_info info);

/* loop.c */
napi_value time_turns(napi_env env, napi_callback_info info);

/* memory.c: `bound_arenas` keeps what the C library holds for later small, from now on. */
void bound_arenas(void);
napi_value release_memory(napi_env env, napi_callback_info info);
napi_value bound_heap(napi_env env, napi_callback_info info);
napi_value collect_alone(napi_env env, napi_callback_info info);

/* datagrams.c */
napi_value listen_datagrams(napi_env env, napi_callback_info info);
napi_value receive_datagram(napi_env env, napi_callback_info info);
napi_value send_datagram(napi_env env, napi_callback_info info);

/* sockets.c */
napi_value bind_tcp(napi_env env, napi_callback_info info);
napi_value listen_tcp(napi_env env, napi_callback_info info);
napi_value share_port(napi_env env, napi_callback_info info);
napi_value address_of(napi_env env, napi_callback_info info);
napi_value connect_tcp(napi_env env, napi_callback_info info);
napi_value connected_tcp(napi_env env, napi_callback_info info);
napi_value send_bytes(napi_env env, napi_callback_info info);

/* local-sockets.c */
napi_value listen_local(napi_env env, napi_callback_info info);
napi_value connect_local(napi_env env, napi_callback_info info);
napi_value peer_of(napi_env env, napi_callback_info info);

/* terminal.c */
napi_value session_id(napi_env env, napi_callback_info info);
napi_value process_group(napi_env env, napi_callback_info info);
napi_value terminal_session(napi_env env, napi_callback_info info);
napi_value foreground_group(napi_env env, napi_callback_info info);
napi_value set_foreground_group(napi_env env, napi_callback_info info);
napi_value release_terminal(napi_env env, napi_callback_info info);

/* processes.c */
napi_value child_lives(napi_env env, napi_callback_info info);
napi_value session_of(napi_env env, napi_callback_info info);
napi_value group_of(napi_env env, napi_callback_info info);
napi_value io_priority_of(napi_env env, napi_callback_info info);
napi_value open_process(napi_env env, napi_callback_info info);
napi_value signal_process(napi_env env, napi_callback_info info);
napi_value open_files_as(napi_env env, napi_callback_info info);

/* self.c: what this process is told to be */
napi_value become_subreaper(napi_env env, napi_callback_info info);
napi_value on_parent_death(napi_env env, napi_callback_info info);
napi_value lock(napi_env env, napi_callback_info info);
napi_value page_size(napi_env env, napi_callback_info info);
napi_value exit_now(napi_env env, napi_callback_info info);

#endif
