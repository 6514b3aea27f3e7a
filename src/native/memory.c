/* Memory that V8 and the C library take, or keep, for later. */
#include "native.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

/*
 * V8 offers this to those who embed it, in C++ alone: these are v8::Isolate::GetCurrent(), LowMemoryNotification() and
 * IsolateInBackgroundNotification() of it, and v8::V8::SetFlagsFromString(). Weak, as malloc_trim() is, which musl does not have: what is missing is left out.
 */
extern void *current_isolate(void) __asm__("_ZN2v87Isolate10GetCurrentEv") __attribute__((weak));
extern void notify_low_memory(void *isolate) __asm__("_ZN2v87Isolate21LowMemoryNotificationEv") __attribute__((weak));
extern void go_to_background(void *isolate) __asm__("_ZN2v87Isolate31IsolateInBackgroundNotificationEv") __attribute__((weak));
extern void set_flags(const char *flags) __asm__("_ZN2v82V818SetFlagsFromStringEPKc") __attribute__((weak));
extern int malloc_trim(size_t kept) __attribute__((weak));
extern int mallopt(int parameter, int value) __attribute__((weak));

static void unmap_program(void);

/*
 * glibc gives the free end of an arena back when it is larger than this, which it raises up to 64 MB with each large block that is
 * freed, unless told a number. malloc_trim() gives back that of the main arena alone, and V8's compilers leave a MB in each other.
 */
void bound_arenas(void) {
  enum { TRIM_THRESHOLD = -1, ITS_DEFAULT = 128 * 1024 };
  if (mallopt != NULL) mallopt(TRIM_THRESHOLD, ITS_DEFAULT);
}

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
  unmap_program();
  return boolean_value(env, collects);
}

/*
 * What a start has read of the program and its libraries stays in memory as long as there is room, and two thirds of it is never
 * looked at again. A page that is, comes back from the kernel's copy of the file, with its neighbours, in about a microsecond.
 * Pages that are no longer those of the file (text in large pages, say) would be lost: a mapping that has one is left alone.
 */
static void unmap_program(void) {
  char line[512], rights[5] = "";
  uintptr_t begin = 0, end = 0, from, to;
  unsigned long file = 0, changed_kb;
  FILE *mappings = fopen("/proc/self/smaps", "re");
  if (mappings == NULL) return;
  while (fgets(line, sizeof line, mappings) != NULL) {
    if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, rights, &file) == 4) begin = from, end = to;
    else if (sscanf(line, "Anonymous: %lu", &changed_kb) == 1 && changed_kb == 0 && file != 0 && rights[1] == '-')
      madvise((void *)begin, end - begin, MADV_DONTNEED);
  }
  fclose(mappings);
}

/*
 * V8 looks at both anew at each collection. With the flag the young generation, of which V8 lets a program that is never quiet have
 * 32 MB, stays as large as it is; in the background the old one grows by a few MB between two collections, not by 16. The flag
 * --optimize-for-size does the latter too, and has code run a third slower. Flags of the start would cost the code cache.
 */
napi_value bound_heap(napi_env env, napi_callback_info info) {
  (void)info;
  const bool bounds = current_isolate != NULL && go_to_background != NULL && set_flags != NULL;
  if (bounds) {
    set_flags("--semi-space-growth-factor=1");
    go_to_background(current_isolate());
  }
  return boolean_value(env, bounds);
}

/*
 * With helpers a scavenge ends when the last of them does, and of some hundred KB that is as long as without; where all CPUs are taken,
 * or the share of the cgroup is used up, it is ten times that.
 */
napi_value collect_alone(napi_env env, napi_callback_info info) {
  (void)info;
  if (set_flags != NULL) set_flags("--no-parallel-scavenge");
  return boolean_value(env, set_flags != NULL);
}
