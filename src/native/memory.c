/* Memory that V8 and the C library keep for later, given back to the kernel. */
#include "native.h"

#include <stddef.h>

/*
 * V8 offers this to those who embed it, in C++ alone: these are v8::Isolate::GetCurrent(), v8::Isolate::LowMemoryNotification()
 * and v8::V8::SetFlagsFromString(). Weak, as malloc_trim() is, which musl does not have: what is missing is left out.
 */
extern void *current_isolate(void) __asm__("_ZN2v87Isolate10GetCurrentEv") __attribute__((weak));
extern void notify_low_memory(void *isolate) __asm__("_ZN2v87Isolate21LowMemoryNotificationEv") __attribute__((weak));
extern void set_flags(const char *flags) __asm__("_ZN2v82V818SetFlagsFromStringEPKc") __attribute__((weak));
extern int malloc_trim(size_t kept) __attribute__((weak));

napi_value release_memory(napi_env env, napi_callback_info info) {
  (void)info;
  const bool collects = current_isolate != NULL && notify_low_memory != NULL && set_flags != NULL;
  if (collects) {
    /* Both are for this collection alone. Code that runs again is compiled again from its source. */
    set_flags("--stress-flush-code --compact-on-every-full-gc");
    notify_low_memory(current_isolate());
    set_flags("--no-stress-flush-code --no-compact-on-every-full-gc");
  }
  if (malloc_trim != NULL) malloc_trim(0);
  return boolean_value(env, collects);
}
