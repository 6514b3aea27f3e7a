/*
 * Waiting for processes that end. libuv waits for each child that it started, by pid. This file waits for all others,
 * the orphans that the kernel gave us, and must never take one of libuv's: libuv drops an exit that someone else
 * waited for, and the 'exit' event would be lost.
 *
 * Why that is certain: (1) A zombie is looked at first (WNOWAIT), and its pid stays taken until somebody waits for it.
 * (2) __WNOTHREAD leaves out the children of worker threads, so only this thread can wait for what was seen. (3) libuv
 * registers a child before it returns to the loop, so a walk over its handles shows all children it has. (4) The
 * handle must be active: after libuv's own wait its pid is stale, and may be that of an orphan by now.
 */
#include "native.h"

#include <sys/wait.h>

enum {
  /* The most orphans in one turn of the loop: some 2 ms, then timers and sockets have their turn. */
  REAPED_A_TURN = 256,
  /* The most at once for who would else go through the zombies one by one, which takes longer. */
  REAPED_NOW = 4096,
  /* Orphans, or children, for which one walk over libuv's handles is enough. */
  BATCH = 64,
  PID_BITS = 4096,
};

struct ended {
  int pid, code, signal;
};

/* Static because children belong to the whole process, and libuv needs handles that stay where they are. */
static struct callback exited;
static uv_loop_t *loop;
static uv_signal_t child_signal;
static uv_check_t check;
static uv_idle_t idle; /* While it is active the loop does not sleep. */
static uv_exit_cb node_exit_cb;

struct search {
  int pid;
  uv_process_t *found;
};

static void match(uv_handle_t *handle, void *argument) {
  struct search *search = argument;
  if (handle->type == UV_PROCESS && ((uv_process_t *)handle)->pid == search->pid && uv_is_active(handle) &&
      !uv_is_closing(handle)) {
    search->found = (uv_process_t *)handle;
  }
}

static uv_process_t *find_process(int pid) {
  struct search search = {pid, NULL};
  uv_walk(loop, match, &search);
  return search.found;
}

static void note_pid(uv_handle_t *handle, void *argument) {
  uint64_t *noted = argument;
  if (handle->type != UV_PROCESS) return;
  unsigned pid = (unsigned)((uv_process_t *)handle)->pid % PID_BITS;
  noted[pid / 64] |= (uint64_t)1 << pid % 64;
}

/*
 * Waits for up to BATCH orphans; fewer: none is left, or the next zombie is libuv's. No JavaScript runs in here, so
 * libuv gets no new child and the pids noted at the first zombie stay good. A bit that is not set is certain; one that
 * is set may stand for another pid, and is looked into.
 */
static int collect(struct ended *batch) {
  uint64_t noted[PID_BITS / 64] = {0};
  int count = 0;
  for (; count < BATCH; count++) {
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) != 0 || info.si_pid == 0) break;
    if (count == 0) uv_walk(loop, note_pid, noted);
    unsigned pid = (unsigned)info.si_pid % PID_BITS;
    /* Nothing is forgotten by stopping: the SIGCHLD of that zombie is queued, so libuv and then we get another turn. */
    if ((noted[pid / 64] >> pid % 64 & 1) && find_process(info.si_pid) != NULL) break;
    if (waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG | __WNOTHREAD) != 0) break;
    bool is_exit = info.si_code == CLD_EXITED;
    batch[count] = (struct ended){info.si_pid, is_exit ? info.si_status : 0, is_exit ? 0 : info.si_status};
  }
  return count;
}

static void report(struct ended ended, bool owned) {
  call_back(&exited, 3, (const int32_t[]){ended.pid, ended.code, ended.signal}, owned ? FLAG_TRUE : FLAG_FALSE);
}

static void stay_awake(uv_idle_t *handle) {
  (void)handle;
}

/* False when none is left, or the next zombie is libuv's. */
static bool reap_orphans(int most) {
  struct ended batch[BATCH];
  for (int reaped = 0; reaped < most; reaped += BATCH) {
    int count = collect(batch);
    for (int i = 0; i < count; i++) report(batch[i], false);
    if (count < BATCH) return false;
  }
  return true;
}

static void on_check(uv_check_t *handle) {
  (void)handle;
  if (reap_orphans(REAPED_A_TURN)) {
    uv_idle_start(&idle, stay_awake);
  } else {
    uv_idle_stop(&idle);
    uv_check_stop(&check);
  }
}

/* Signal callbacks run while the loop polls; the check runs after all of them, so libuv has waited for its own first. */
static void on_child_signal(uv_signal_t *handle, int signal) {
  (void)handle, (void)signal;
  uv_check_start(&check, on_check);
}

napi_value reap(napi_env env, napi_callback_info info) {
  napi_value function;
  size_t count = 1;
  if (exited.function != NULL) {
    napi_throw_error(env, NULL, "cannot reap twice");
    return NULL;
  }
  napi_get_cb_info(env, info, &count, &function, NULL, NULL);
  if (!keep_callback(env, function, &exited)) return NULL;
  napi_get_uv_event_loop(env, &loop);
  uv_signal_init(loop, &child_signal);
  uv_check_init(loop, &check);
  uv_idle_init(loop, &idle);
  uv_unref((uv_handle_t *)&child_signal);
  uv_unref((uv_handle_t *)&check);
  uv_unref((uv_handle_t *)&idle);
  uv_signal_start(&child_signal, on_child_signal, SIGCHLD);
  /* What died before now sends no more signals. */
  uv_check_start(&check, on_check);
  uv_idle_start(&idle, stay_awake);
  return NULL;
}

napi_value reap_now(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  if (exited.function != NULL) reap_orphans(REAPED_NOW);
  return NULL;
}

static void on_owned_exit(uv_process_t *process, int64_t status, int signal) {
  int pid = process->pid;
  node_exit_cb(process, status, signal);
  report((struct ended){pid, signal == 0 ? (int)status : 0, signal}, true);
}

struct wanted {
  uint32_t count, owned;
  int32_t pids[BATCH];
};

static void own_wanted(uv_handle_t *handle, void *argument) {
  struct wanted *wanted = argument;
  uv_process_t *process = (uv_process_t *)handle;
  if (handle->type != UV_PROCESS || !uv_is_active(handle) || uv_is_closing(handle)) return;
  uint32_t at = 0;
  while (at < wanted->count && wanted->pids[at] != process->pid) at++;
  if (at == wanted->count) return;
  /* One original for all: Node.js has a single one. A child that somebody else started through libuv is left alone. */
  if (node_exit_cb == NULL) node_exit_cb = process->exit_cb;
  if (process->exit_cb == node_exit_cb) process->exit_cb = on_owned_exit;
  if (process->exit_cb == on_owned_exit) wanted->owned++;
}

/* A walk writes to each handle, and so to memory that the fork before it has shared: one for many. */
napi_value own(napi_env env, napi_callback_info info) {
  napi_value pids, pid;
  size_t given = 1;
  uint32_t length = 0, owned = 0;
  napi_get_cb_info(env, info, &given, &pids, NULL, NULL);
  if (napi_get_array_length(env, pids, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "cannot own children: a list of pids is needed");
    return NULL;
  }
  if (exited.function == NULL) {
    napi_throw_error(env, NULL, "cannot own children before reap() was called");
    return NULL;
  }
  for (uint32_t begin = 0; begin < length; begin += BATCH) {
    struct wanted wanted = {.count = length - begin < BATCH ? length - begin : BATCH};
    for (uint32_t i = 0; i < wanted.count; i++) {
      if (napi_get_element(env, pids, begin + i, &pid) == napi_ok &&
          napi_get_value_int32(env, pid, &wanted.pids[i]) == napi_ok)
        continue;
      napi_throw_type_error(env, NULL, "cannot own children: a pid is no number");
      return NULL;
    }
    uv_walk(loop, own_wanted, &wanted);
    owned += wanted.owned;
  }
  return integer_value(env, owned);
}

napi_value has_stopped(napi_env env, napi_callback_info info) {
  int32_t pid;
  siginfo_t state = {.si_pid = 0};
  if (!take_integers(env, info, 1, &pid)) return NULL;
  /* Without WEXITED, so a zombie stays one for libuv. */
  int failed = waitid(P_PID, (id_t)pid, &state, WSTOPPED | WNOHANG | __WNOTHREAD);
  return boolean_value(env, failed == 0 && state.si_pid == pid && pid > 0);
}
