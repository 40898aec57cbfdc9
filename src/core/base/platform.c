#include "core/base/platform.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(SOCK_CLOEXEC) && !IC_PORTABLE
#define AT_ONCE 1 /* a system that has it also has pipe2, accept4 and mkostemp */
#else
#define AT_ONCE 0
#endif

#if AT_ONCE

int ic_open_pipe(int ends[2], bool nonblocking) {
    return pipe2(ends, O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0));
}

int ic_open_socket(int family, int type, int protocol, bool nonblocking) {
    return socket(family, type | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), protocol);
}

int ic_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int ic_open_temporary(char *path) {
    return mkostemp(path, O_CLOEXEC);
}

#else

/* Sets the flags of a descriptor. When that fails, closes it and returns -1. */
static int platform_set_flags(int descriptor, bool nonblocking) {
    if (descriptor < 0) return -1;
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 &&
        (!nonblocking || fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0))
        return descriptor;
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

int ic_open_pipe(int ends[2], bool nonblocking) {
    if (pipe(ends) != 0) return -1;
    if (platform_set_flags(ends[0], nonblocking) < 0) {
        close(ends[1]);
        return -1;
    }
    if (platform_set_flags(ends[1], nonblocking) >= 0) return 0;
    close(ends[0]);
    return -1;
}

/* Writing to a peer that is gone gives EPIPE and no signal. */
static int platform_set_socket(int descriptor, bool nonblocking) {
    descriptor = platform_set_flags(descriptor, nonblocking);
#ifdef SO_NOSIGPIPE
    const int on = 1;
    if (descriptor >= 0) setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    return descriptor;
}

int ic_open_socket(int family, int type, int protocol, bool nonblocking) {
    return platform_set_socket(socket(family, type, protocol), nonblocking);
}

int ic_accept(int listener) {
    return platform_set_socket(accept(listener, NULL, NULL), true);
}

int ic_open_temporary(char *path) {
    return platform_set_flags(mkstemp(path), false);
}

#endif

#if defined(__linux__) && !IC_PORTABLE

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

int ic_open_notify(int ends[2]) {
    ends[0] = ends[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return ends[0] < 0 ? -1 : 0;
}

int ic_word_wait(atomic_uint *word, unsigned seen, double seconds) {
    struct timespec patience = {.tv_sec = (time_t)seconds};
    patience.tv_nsec = (long)((seconds - (double)patience.tv_sec) * 1e9);
    if (syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, &patience, NULL, 0) == 0 || errno == EAGAIN)
        return 0;
    return errno;
}

void ic_word_wake(atomic_uint *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

#else

int ic_open_notify(int ends[2]) {
    return ic_open_pipe(ends, true);
}

int ic_word_wait(atomic_uint *word, unsigned seen, double seconds) {
    (void)word, (void)seen, (void)seconds;
    return 0;
}

void ic_word_wake(atomic_uint *word) {
    (void)word;
}

#endif

#if defined(SO_PEERCRED) && defined(__linux__) && !IC_PORTABLE

bool ic_is_within_process(int socket) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
}

#else

bool ic_is_within_process(int socket) {
    (void)socket;
    return true;
}

#endif

#if defined(FALLOC_FL_PUNCH_HOLE) && !IC_PORTABLE

void ic_free_room(int descriptor, off_t from, off_t length) {
    (void)fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, length);
}

#else

void ic_free_room(int descriptor, off_t from, off_t length) {
    (void)descriptor, (void)from, (void)length;
}

#endif

/* SIGXFSZ is sent to the thread that writes, which may be the host's. */
static void platform_hold_signal(sigset_t *before) {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &held, before);
}

/* `raised`: the signal may be pending. */
static void platform_release_signal(const sigset_t *before, bool raised) {
    int kept = errno, signal;
    sigset_t waiting;
    if (raised && !sigismember(before, SIGXFSZ) && sigpending(&waiting) == 0 &&
        sigismember(&waiting, SIGXFSZ)) {
        sigemptyset(&waiting);
        sigaddset(&waiting, SIGXFSZ);
        sigwait(&waiting, &signal);
    }
    pthread_sigmask(SIG_SETMASK, before, NULL);
    errno = kept;
}

bool ic_write_all(int descriptor, const void *bytes, size_t length) {
    const char *at = bytes;
    ssize_t written = 0;
    sigset_t before;
    platform_hold_signal(&before);
    while (length && (written >= 0 || errno == EINTR)) {
        written = write(descriptor, at, length);
        if (written < 0) continue;
        at += written;
        length -= (size_t)written;
    }
    platform_release_signal(&before, length && errno == EFBIG);
    return !length;
}

int ic_reserve_room(int descriptor, size_t length) {
    sigset_t before;
    int cause;
    platform_hold_signal(&before);
    do
        cause = posix_fallocate(descriptor, 0, (off_t)length);
    while (cause == EINTR);
    platform_release_signal(&before, cause == EFBIG);
    return cause;
}

void ic_notify(int write_end) {
    const uint64_t one = 1; /* what an eventfd takes */
    while (write(write_end, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void ic_notify_clear(int read_end) {
    uint64_t count[16];
    ssize_t got;
    do
        got = read(read_end, count, sizeof count);
    while (got == (ssize_t)sizeof count || (got < 0 && errno == EINTR));
}

ssize_t ic_send(int descriptor, const void *bytes, size_t length) {
#if defined(MSG_NOSIGNAL) && !IC_PORTABLE
    return send(descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
    return send(descriptor, bytes, length, MSG_DONTWAIT);
#endif
}

bool ic_is_closed_by_peer(int socket) {
#if defined(POLLRDHUP) && !IC_PORTABLE
    struct pollfd polled = {.fd = socket, .events = POLLRDHUP};
    return poll(&polled, 1, 0) > 0 && polled.revents & (POLLRDHUP | POLLHUP | POLLERR);
#else
    char byte;
    bool nothing = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
    return !nothing || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
#endif
}

void ic_wipe(void *bytes, size_t length) {
    static void *(*const volatile fill)(void *, int, size_t) = memset;
    if (length) fill(bytes, 0, length);
}

bool ic_random_bytes(void *bytes, size_t length) {
    int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source < 0) return false;
    bool whole = read(source, bytes, length) == (ssize_t)length;
    close(source);
    return whole;
}

#if defined(__APPLE__) || IC_PORTABLE

#define NANOSECONDS 1000000000L

void ic_condition_init(pthread_cond_t *condition) {
    pthread_cond_init(condition, NULL);
}

/* Here conditions use CLOCK_REALTIME, so `end` is converted. If the wait ends early, the caller waits
 * again. */
int ic_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *end) {
    struct timespec now, real;
    clock_gettime(CLOCK_MONOTONIC, &now);
    clock_gettime(CLOCK_REALTIME, &real);
    real.tv_sec += end->tv_sec - now.tv_sec;
    real.tv_nsec += end->tv_nsec - now.tv_nsec;
    if (real.tv_nsec < 0) {
        real.tv_nsec += NANOSECONDS;
        real.tv_sec--;
    } else if (real.tv_nsec >= NANOSECONDS) {
        real.tv_nsec -= NANOSECONDS;
        real.tv_sec++;
    }
    return pthread_cond_timedwait(condition, mutex, &real);
}

#else

void ic_condition_init(pthread_cond_t *condition) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

int ic_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *end) {
    return pthread_cond_timedwait(condition, mutex, end);
}

#endif

struct timespec ic_modification_time(const struct stat *about) {
#ifdef __APPLE__
    return about->st_mtimespec;
#else
    return about->st_mtim;
#endif
}

#ifdef __APPLE__

#include <crt_externs.h>

char **ic_environment(void) {
    return *_NSGetEnviron();
}

#else

extern char **environ;

char **ic_environment(void) {
    return environ;
}

#endif

#if defined(__linux__) && !IC_PORTABLE

void ic_stay_loaded(void) {}

#else

#include <dlfcn.h>

/* Takes one more reference, which is never released. */
void ic_stay_loaded(void) {
    static const char inside;
    Dl_info about;
    if (dladdr(&inside, &about) && about.dli_fname) dlopen(about.dli_fname, RTLD_LAZY | RTLD_LOCAL);
}

#endif
