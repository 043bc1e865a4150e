// Preloaded into a crash worker: its wall clock is wrong by WRONG_CLOCK seconds, and nothing else is. (libfaketime also
// moves the deadlines of waits that never were on the wall clock, and with a slow one a Swift program stands still.)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long skew(void) {
    const char *text = getenv("WRONG_CLOCK");
    return text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *instant) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, instant);
    if (result == 0 && clock == CLOCK_REALTIME) instant->tv_sec += skew();
    return result;
}

int gettimeofday(struct timeval *restrict instant, void *restrict zone) {
    static int (*real)(struct timeval *, void *);
    if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
    int result = real(instant, zone);
    if (result == 0) instant->tv_sec += skew();
    return result;
}

time_t time(time_t *out) {
    struct timespec instant;
    clock_gettime(CLOCK_REALTIME, &instant);
    if (out) *out = instant.tv_sec;
    return instant.tv_sec;
}
