/* The addon's table of functions, and how values cross between C and JavaScript. */
#include "native.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Static because there is one main thread, and the addon lives only there. True once its environment is torn down. */
static bool ended;
static bool hooked;

static void end(void *unused) {
  (void)unused;
  ended = true;
}

bool take_integers(napi_env env, napi_callback_info info, size_t count, int32_t *integers) {
  napi_value arguments[4];
  size_t given = 4;
  napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
  for (size_t i = 0; i < count; i++) {
    if (napi_get_value_int32(env, arguments[i], &integers[i]) == napi_ok) continue;
    napi_throw_type_error(env, NULL, "cannot call this function: a number is missing");
    return false;
  }
  return true;
}

bool keep_callback(napi_env env, napi_value function, struct callback *callback) {
  napi_valuetype type;
  if (napi_typeof(env, function, &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, NULL, "cannot call this function: the callback is missing");
    return false;
  }
  if (callback->function != NULL) napi_delete_reference(callback->env, callback->function);
  callback->env = env;
  return napi_create_reference(env, function, 1, &callback->function) == napi_ok;
}

void call_back(const struct callback *callback, size_t count, const int32_t *numbers, enum flag flag) {
  napi_env env = callback->env;
  napi_handle_scope scope;
  napi_value global, function, thrown, arguments[4];
  if (ended || napi_open_handle_scope(env, &scope) != napi_ok) return;
  for (size_t i = 0; i < count; i++) arguments[i] = integer_value(env, numbers[i]);
  if (flag != FLAG_NONE) arguments[count++] = boolean_value(env, flag == FLAG_TRUE);
  napi_get_global(env, &global);
  napi_get_reference_value(env, callback->function, &function);
  /* Unlike napi_call_function this also runs process.nextTick() and promise callbacks. */
  if (napi_make_callback(env, NULL, global, function, count, arguments, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
    napi_fatal_exception(env, thrown); /* 'uncaughtException'; comes back when a listener took it. */
  }
  napi_close_handle_scope(env, scope);
}

napi_value integer_value(napi_env env, int64_t integer) {
  napi_value value = NULL;
  napi_create_int64(env, integer, &value);
  return value;
}

napi_value boolean_value(napi_env env, bool boolean) {
  napi_value value = NULL;
  napi_get_boolean(env, boolean, &value);
  return value;
}

napi_value result_value(napi_env env, int64_t result) {
  return integer_value(env, result == -1 ? -errno : result);
}

#define FUNCTION(name, function) {name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL}

NAPI_MODULE_INIT() {
  static const napi_property_descriptor functions[] = {
      FUNCTION("reap", reap),
      FUNCTION("reapNow", reap_now),
      FUNCTION("own", own),
      FUNCTION("becomeSubreaper", become_subreaper),
      FUNCTION("onSignal", on_signal),
      FUNCTION("hasLatch", has_latch),
      FUNCTION("releaseSignals", release_signals),
      FUNCTION("onParentDeath", on_parent_death),
      FUNCTION("pipe", open_pipe),
      FUNCTION("write", write_chunks),
      FUNCTION("formatLines", format_lines),
      FUNCTION("onReady", on_ready),
      FUNCTION("watch", watch),
      FUNCTION("bindTcp", bind_tcp),
      FUNCTION("listenTcp", listen_tcp),
      FUNCTION("sharePort", share_port),
      FUNCTION("addressOf", address_of),
      FUNCTION("connectTcp", connect_tcp),
      FUNCTION("connectedTcp", connected_tcp),
      FUNCTION("send", send_bytes),
      FUNCTION("listenLocal", listen_local),
      FUNCTION("connectLocal", connect_local),
      FUNCTION("peerOf", peer_of),
      FUNCTION("listenDatagrams", listen_datagrams),
      FUNCTION("receiveDatagram", receive_datagram),
      FUNCTION("sendDatagram", send_datagram),
      FUNCTION("hasStopped", has_stopped),
      FUNCTION("childLives", child_lives),
      FUNCTION("sessionOf", session_of),
      FUNCTION("groupOf", group_of),
      FUNCTION("ioPriorityOf", io_priority_of),
      FUNCTION("openProcess", open_process),
      FUNCTION("signalProcess", signal_process),
      FUNCTION("openFilesAs", open_files_as),
      FUNCTION("sessionId", session_id),
      FUNCTION("processGroup", process_group),
      FUNCTION("terminalSession", terminal_session),
      FUNCTION("foregroundGroup", foreground_group),
      FUNCTION("setForegroundGroup", set_foreground_group),
      FUNCTION("releaseTerminal", release_terminal),
      FUNCTION("checksum", checksum),
      FUNCTION("timeTurns", time_turns),
      FUNCTION("releaseMemory", release_memory),
      FUNCTION("boundHeap", bound_heap),
      FUNCTION("lock", lock),
      FUNCTION("collectAlone", collect_alone),
      FUNCTION("pageSize", page_size),
      FUNCTION("exit", exit_now),
  };
  /* Linux keeps children per thread, and orphans come to the first one. */
  if (syscall(SYS_gettid) != getpid()) {
    napi_throw_error(env, NULL, "cannot load the native part in a worker: children and signals belong to the main thread");
    return NULL;
  }
  /* The handles in this addon are static, so they must be as large as the running libuv takes them to be. */
  if (uv_handle_size(UV_SIGNAL) > sizeof(uv_signal_t) || uv_handle_size(UV_PROCESS) > sizeof(uv_process_t) ||
      uv_handle_size(UV_CHECK) > sizeof(uv_check_t) || uv_handle_size(UV_IDLE) > sizeof(uv_idle_t) ||
      uv_handle_size(UV_ASYNC) > sizeof(uv_async_t) || uv_handle_size(UV_PREPARE) > sizeof(uv_prepare_t) ||
      uv_handle_size(UV_POLL) > sizeof(uv_poll_t)) {
    napi_throw_error(env, NULL, "cannot load the native part: it was built for another libuv. Build it with this Node.js");
    return NULL;
  }
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  bound_arenas();
  /* Each bundle that uses the addon loads it; a hook that is there already would end the process. */
  if (!hooked) napi_add_env_cleanup_hook(env, end, NULL);
  hooked = true;
  return exports;
}
