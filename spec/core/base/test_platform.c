/* platform: what every system must give, by its own calls and by the fallbacks (make PORTABLE=1). */
#include "core/base/platform.h"
#include "spec/core/check.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_closed_on_exec(int descriptor) {
    return fcntl(descriptor, F_GETFD) & FD_CLOEXEC;
}

static bool is_nonblocking(int descriptor) {
    return fcntl(descriptor, F_GETFL) & O_NONBLOCK;
}

static void test_pipes(void) {
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        int ends[2];
        char byte = 0;
        if (!CHECK(ic_open_pipe(ends, nonblocking) == 0)) return;
        for (int i = 0; i < 2; i++) {
            CHECK(is_closed_on_exec(ends[i]));
            CHECK(is_nonblocking(ends[i]) == nonblocking);
        }
        CHECK(write(ends[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'x');
        close(ends[0]);
        close(ends[1]);
    }
}

/* A busy system delivers what was sent on the loopback interface, a connection too, a little later. */
static void await_readable(int descriptor) {
    poll(&(struct pollfd){.fd = descriptor, .events = POLLIN}, 1, -1);
}

static void test_sockets(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = ic_open_socket(AF_INET, SOCK_STREAM, 0, true);
    int client = ic_open_socket(AF_INET, SOCK_STREAM, 0, false);
    CHECK(is_closed_on_exec(listener) && is_nonblocking(listener));
    CHECK(is_closed_on_exec(client) && !is_nonblocking(client));
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    CHECK(ic_accept(listener) == -1 && errno == EAGAIN);
    CHECK(connect(client, (struct sockaddr *)&address, size) == 0);
    await_readable(listener);
    int accepted = ic_accept(listener);
    CHECK(is_closed_on_exec(accepted) && is_nonblocking(accepted));
    CHECK(ic_send(accepted, "x", 1) == 1);
    await_readable(client);
    /* With a byte unread the other end answers with a reset; the write after that finds nobody. */
    close(client);
    await_readable(accepted);
    CHECK(ic_send(accepted, "x", 1) == -1);
    CHECK(ic_send(accepted, "x", 1) == -1 && errno == EPIPE);
    close(accepted);
    close(listener);
    CHECK(ic_open_socket(-1, SOCK_STREAM, 0, true) == -1);
}

/* An open file; its path is then in `path`. */
static int open_temporary(char path[4096]) {
    const char *folder = getenv("TMPDIR");
    snprintf(path, 4096, "%s/ironclad-platform-XXXXXX", folder ? folder : "/tmp");
    return ic_open_temporary(path);
}

/* Bytes that are unread do not hide the end. */
static void test_closed_by_peer(void) {
    int ends[2];
    char byte;
    for (int i = 0; i < 2; i++) {
        if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0)) return;
        CHECK(!ic_is_closed_by_peer(ends[0]));
        CHECK(write(ends[1], "x", 1) == 1);
        CHECK(IC_PORTABLE || !ic_is_closed_by_peer(ends[0]));
        if (i) CHECK(read(ends[0], &byte, 1) == 1);
        close(ends[1]);
        CHECK(ic_is_closed_by_peer(ends[0]));
        close(ends[0]);
    }
}

static void test_temporary_files(void) {
    char path[4096];
    int file = open_temporary(path);
    CHECK(file >= 0 && is_closed_on_exec(file));
    CHECK(access(path, F_OK) == 0 && unlink(path) == 0);
    close(file);
    snprintf(path, sizeof path, "/nonexistent/XXXXXX");
    CHECK(ic_open_temporary(path) == -1 && errno == ENOENT);
}

static void test_bytes(void) {
    char bytes[32] = "SECRET-of-the-platform";
    ic_wipe(bytes, 0);
    CHECK_TEXT(bytes, "SECRET-of-the-platform");
    ic_wipe(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        CHECK(bytes[i] == 0);
    char other[32];
    CHECK(ic_random_bytes(bytes, sizeof bytes) && ic_random_bytes(other, sizeof other));
    CHECK(memcmp(bytes, other, sizeof bytes) != 0);
}

static double seconds_of(struct timespec time) {
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Waits until `seconds` from now -> how long it has waited. */
static double waited(double seconds) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition;
    struct timespec begin, end, now;
    ic_condition_init(&condition);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    double at = seconds_of(begin) + seconds;
    end.tv_sec = (time_t)at;
    end.tv_nsec = (long)((at - (double)end.tv_sec) * 1e9);
    pthread_mutex_lock(&mutex);
    int status = 0;
    while (status == 0)
        status = ic_condition_wait(&condition, &mutex, &end);
    CHECK(status == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    pthread_cond_destroy(&condition);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return seconds_of(now) - seconds_of(begin);
}

static void test_conditions(void) {
    for (int i = 0; i < 5; i++) { /* some of them across the end of a second */
        double took = waited(0.25);
        CHECK(took > 0.24 && took < 30);
    }
    CHECK(waited(-5) < 30);
}

static void test_files(void) {
    char path[4096];
    struct stat about;
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1767225600, .tv_nsec = 250000000}};
    int file = open_temporary(path);
    CHECK(futimens(file, times) == 0 && fstat(file, &about) == 0);
    CHECK(ic_modification_time(&about).tv_sec == 1767225600);
    CHECK(ic_modification_time(&about).tv_nsec == 250000000);
    unlink(path);
    close(file);
}

/* A file that may not grow is an error, and no signal for the thread that writes it. */
static void test_size_limit(void) {
    char path[4096], bytes[3000] = "";
    struct stat about;
    struct rlimit before, small = {.rlim_cur = 5000};
    sigset_t waiting;
    int file = open_temporary(path);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    CHECK(ic_write_all(file, bytes, sizeof bytes));
    errno = 0;
    CHECK(!ic_write_all(file, bytes, sizeof bytes) && errno == EFBIG);
    CHECK(fstat(file, &about) == 0 && about.st_size == 5000);
    int cause = ic_reserve_room(file, 10000);
    CHECK(cause == EFBIG || cause == EOPNOTSUPP || cause == EINVAL || cause == ENOSYS);
    CHECK(sigpending(&waiting) == 0 && !sigismember(&waiting, SIGXFSZ));
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(ic_write_all(file, bytes, sizeof bytes));
    unlink(path);
    close(file);
    CHECK(!ic_write_all(file, bytes, 1) && errno == EBADF);
    CHECK(ic_write_all(file, bytes, 0));
}

static void test_environment(void) {
    bool found = false;
    setenv("IRONCLAD_PLATFORM", "1", 1);
    for (char **at = ic_environment(); *at; at++)
        found = found || strcmp(*at, "IRONCLAD_PLATFORM=1") == 0;
    CHECK(found);
}

int main(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE); /* as on the engine's thread */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    test_pipes();
    test_sockets();
    test_closed_by_peer();
    test_temporary_files();
    test_bytes();
    test_conditions();
    test_files();
    test_size_limit();
    test_environment();
    return check_done("platform");
}
