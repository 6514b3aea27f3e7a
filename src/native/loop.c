/* How long each turn of the event loop keeps it from whatever comes next. */
#include "native.h"

/* Static because there is one loop. Both arrays are JavaScript's, and are kept for good. */
static uv_prepare_t prepare;
static const double *bounds;
static double *tallies;
static size_t buckets;
static uint64_t last_time, last_idle;

/* Once a turn, before the loop asks for what is new. It wakes nobody, and libuv knows how long it has slept. */
static void on_prepare(uv_prepare_t *handle) {
  const uint64_t time = uv_hrtime(), idle = uv_metrics_idle_time(handle->loop);
  const double seconds = ((double)(time - last_time) - (double)(idle - last_idle)) / 1e9;
  size_t bucket = 0;
  while (bucket < buckets && seconds > bounds[bucket]) bucket++;
  tallies[bucket]++;
  tallies[buckets + 1] += seconds;
  last_time = time;
  last_idle = idle;
}

static double *take_numbers(napi_env env, napi_value value, size_t *length) {
  void *numbers = NULL;
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, value, &type, length, &numbers, NULL, NULL) != napi_ok ||
      type != napi_float64_array) {
    return NULL;
  }
  return numbers;
}

napi_value time_turns(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  napi_ref kept;
  uv_loop_t *loop;
  size_t count = 2, bound_count = 0, tally_count = 0;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  const double *given_bounds = take_numbers(env, arguments[0], &bound_count);
  double *given_tallies = take_numbers(env, arguments[1], &tally_count);
  if (given_bounds == NULL || given_tallies == NULL || tally_count != bound_count + 2 || tallies != NULL) {
    napi_throw_type_error(env, NULL, "cannot time turns: called twice, or not with two arrays that fit");
    return NULL;
  }
  for (int i = 0; i < 2; i++) napi_create_reference(env, arguments[i], 1, &kept);
  bounds = given_bounds;
  tallies = given_tallies;
  buckets = bound_count;
  napi_get_uv_event_loop(env, &loop);
  /* Node.js does so too, for its performance.eventLoopUtilization(). */
  uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
  last_time = uv_hrtime();
  last_idle = uv_metrics_idle_time(loop);
  uv_prepare_init(loop, &prepare);
  uv_unref((uv_handle_t *)&prepare);
  uv_prepare_start(&prepare, on_prepare);
  return NULL;
}
