/* load PORT CONNECTIONS REQUESTS FILE: sends the request in FILE that many times to this machine, over kept
 * connections with one request at a time on each. Prints the seconds, the median and the 99th percentile of
 * an answer's time in milliseconds, how many answers were not 2xx, and the first of those. Eight '#' in the
 * request are replaced by the number of the request, from 1. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DIGITS      8
#define ANSWER_MAX  ((size_t)4 * 1024 * 1024)
#define MAX_CLIENTS 1000

typedef struct client {
    int fd;
    char *answer;
    size_t got;
    double begun;
} client;

static char *request;
static size_t request_length;
static long wanted, started, done, failed;
static double *times; /* in seconds, one for each answer */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(EXIT_FAILURE);
}

static void read_request(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    request = malloc(ANSWER_MAX + 1);
    if (!request) die("no memory");
    request_length = fread(request, 1, ANSWER_MAX, file);
    request[request_length] = '\0';
    fclose(file);
}

static void connect_client(client *self, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((unsigned short)port)};
    int now_on = 1;
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    self->answer = malloc(ANSWER_MAX + 1);
    if (self->fd < 0 || !self->answer || connect(self->fd, (struct sockaddr *)&address, sizeof address))
        die("connect");
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &now_on, sizeof now_on);
}

static void number_request(long number) {
    char digits[32];
    snprintf(digits, sizeof digits, "%0*ld", DIGITS, number);
    static char *place;
    if (number == 1) place = memmem(request, request_length, "########", DIGITS);
    if (place) memcpy(place, digits, DIGITS);
}

/* Requests are small, so it simply waits when the kernel does not take one at once. */
static void begin(client *self) {
    if (started == wanted) return;
    number_request(++started);
    self->got = 0;
    self->begun = now();
    for (size_t sent = 0; sent < request_length;) {
        ssize_t count = send(self->fd, request + sent, request_length - sent, MSG_NOSIGNAL);
        if (count < 0) die("send");
        sent += (size_t)count;
    }
}

/* The whole length of the answer that begins here; 0: not known yet. */
static size_t answer_length(const char *answer) {
    const char *end = strstr(answer, "\r\n\r\n"), *field = strcasestr(answer, "\r\nContent-Length:");
    if (!end) return 0;
    size_t body = field && field < end ? strtoul(field + strlen("\r\nContent-Length:"), NULL, 10) : 0;
    return (size_t)(end + 4 - answer) + body;
}

static void finish(client *self) {
    times[done++] = now() - self->begun;
    if (strncmp(self->answer, "HTTP/1.1 2", 10) == 0) return;
    if (!failed++) fprintf(stderr, "%.500s\n", self->answer);
}

static void receive(client *self) {
    ssize_t count = recv(self->fd, self->answer + self->got, ANSWER_MAX - self->got, 0);
    if (count <= 0) die("the connection was closed");
    self->got += (size_t)count;
    self->answer[self->got] = '\0';
    size_t whole = answer_length(self->answer);
    if (!whole || self->got < whole) return;
    finish(self);
    begin(self);
}

static int by_size(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

int main(int count, char **arguments) {
    if (count != 5) return EXIT_FAILURE;
    static client clients[MAX_CLIENTS];
    static struct pollfd ready[MAX_CLIENTS];
    int port = atoi(arguments[1]), number = atoi(arguments[2]);
    wanted = atol(arguments[3]);
    if (number < 1 || number > MAX_CLIENTS || wanted < 1) return EXIT_FAILURE;
    read_request(arguments[4]);
    times = calloc((size_t)wanted, sizeof *times);
    if (!times) die("no memory");
    for (int i = 0; i < number; i++) {
        connect_client(&clients[i], port);
        ready[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
    }
    double start = now();
    for (int i = 0; i < number; i++)
        begin(&clients[i]);
    while (done < wanted) {
        if (poll(ready, (nfds_t)number, -1) < 0) die("poll");
        for (int i = 0; i < number; i++)
            if (ready[i].revents) receive(&clients[i]);
    }
    double seconds = now() - start;
    qsort(times, (size_t)wanted, sizeof *times, by_size);
    printf("%.6f %.4f %.4f %ld\n", seconds, times[wanted / 2] * 1e3, times[wanted * 99 / 100] * 1e3, failed);
    return EXIT_SUCCESS;
}
