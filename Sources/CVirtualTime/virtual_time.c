#include "virtual_time.h"

#include <sys/time.h>
#include <time.h>

static _Thread_local int64_t now;
static _Thread_local int is_virtual;

void virtual_time_set(int64_t microseconds) {
    now = microseconds;
    is_virtual = 1;
}

void virtual_time_end(void) { is_virtual = 0; }

// Takes the place of the C library's in the program that links it, and in the shared libraries of that program.
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    if (is_virtual) {
        time->tv_sec = now / 1000000;
        time->tv_usec = now % 1000000;
        return 0;
    }
    struct timespec real;
    if (clock_gettime(CLOCK_REALTIME, &real) != 0) return -1;
    time->tv_sec = real.tv_sec;
    time->tv_usec = real.tv_nsec / 1000;
    return 0;
}
