/* A process with it in LD_PRELOAD has a wall clock that is SPEC_CLOCK_AHEAD seconds ahead. With
 * SPEC_CLOCK_SPEED, all its clocks run so many times as fast, the wall clock since SPEC_CLOCK_SINCE (seconds
 * since 1970), and its waits end earlier accordingly: all processes with the same two values have the same
 * time. */
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long clock_setting(const char *name, long otherwise) {
    const char *number = getenv(name);
    return number ? strtol(number, NULL, 10) : otherwise;
}

static void clock_speed_up(struct timespec *now, long since) {
    long speed = clock_setting("SPEC_CLOCK_SPEED", 1);
    if (speed == 1) return;
    long long nanoseconds = (long long)now->tv_nsec * speed;
    now->tv_sec = since + (now->tv_sec - since) * speed + (time_t)(nanoseconds / 1000000000);
    now->tv_nsec = (long)(nanoseconds % 1000000000);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status != 0) return status;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
        clock_speed_up(now, clock_setting("SPEC_CLOCK_SINCE", 0));
        now->tv_sec += clock_setting("SPEC_CLOCK_AHEAD", 0);
    } else if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW) {
        clock_speed_up(now, 0);
    }
    return status;
}

/* A wait of so many milliseconds: 0 does not wait, and less than 0 waits without limit. */
static int clock_shorten(int wait) {
    long speed = clock_setting("SPEC_CLOCK_SPEED", 1);
    return wait > 0 ? (int)((wait + speed - 1) / speed) : wait;
}

int poll(struct pollfd *wanted, nfds_t count, int wait) {
    struct timespec limit;
    wait = clock_shorten(wait);
    limit.tv_sec = wait / 1000;
    limit.tv_nsec = wait % 1000 * 1000000L;
    return (int)syscall(SYS_ppoll, wanted, count, wait < 0 ? NULL : &limit, NULL, 8);
}

int epoll_wait(int set, struct epoll_event *events, int most, int wait) {
    return (int)syscall(SYS_epoll_pwait, set, events, most, clock_shorten(wait), NULL, 8);
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *copy) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (copy) *copy = now.tv_sec;
    return now.tv_sec;
}
