/* load PORT CONNECTIONS REQUESTS FILE [RATE]: sends the request in FILE that many times to this machine, over
 * kept connections with one request at a time on each. Prints the seconds, the median and the 99th percentile
 * of an answer's time in milliseconds, how many answers were not 2xx, and the first of those. Eight '#' in
 * the request are replaced by the number of the request, from 1. A FILE that begins with "requests" has
 * several, each after a line with its length in bytes: they are sent in turn. With RATE, so many are begun in
 * a second, and the time of an answer runs from the moment when its request was to begin. */
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
#define FILE_MAX    ((size_t)256 * 1024 * 1024)
#define MAX_CLIENTS 1000

typedef struct client {
    int fd;
    char *answer;
    size_t got;
    double begun;
    bool idle; /* it waits for the time of the next request */
} client;

typedef struct bytes {
    char *at;
    size_t length;
} bytes;

static bytes *requests;
static size_t request_count;
static long wanted, started, done, failed;
static double *times; /* in seconds, one for each answer */
static double rate;   /* requests begun in a second; 0: as fast as the answers come */
static double start;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(EXIT_FAILURE);
}

static void add_request(char *at, size_t length) {
    requests = realloc(requests, (request_count + 1) * sizeof *requests);
    if (!requests) die("no memory");
    requests[request_count++] = (bytes){at, length};
}

static void read_requests(const char *path) {
    static const char many[] = "requests\n";
    FILE *file = fopen(path, "rb");
    char *text = malloc(FILE_MAX + 1);
    if (!file) die(path);
    if (!text) die("no memory");
    size_t length = fread(text, 1, FILE_MAX, file);
    text[length] = '\0';
    fclose(file);
    if (strncmp(text, many, strlen(many)) != 0) {
        add_request(text, length);
        return;
    }
    for (char *at = text + strlen(many), *end; at < text + length;
         at = end + requests[request_count - 1].length) {
        size_t one = strtoul(at, &end, 10);
        if (*end++ != '\n' || one > (size_t)(text + length - end)) die("the file of requests is not whole");
        add_request(end, one);
    }
    if (!request_count) die("no requests");
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
    if (number == 1) place = memmem(requests->at, requests->length, "########", DIGITS);
    if (place) memcpy(place, digits, DIGITS);
}

/* When the next request is to begin. */
static double next_time(void) {
    return rate > 0 ? start + (double)started / rate : 0;
}

/* Requests are small, so it simply waits when the kernel does not take one at once. */
static void begin(client *self) {
    double due = next_time(), present = now();
    self->idle = started == wanted || due > present;
    if (self->idle) return;
    const bytes *request = &requests[(size_t)started % request_count];
    number_request(++started);
    self->got = 0;
    self->begun = rate > 0 ? due : present;
    for (size_t sent = 0; sent < request->length;) {
        ssize_t count = send(self->fd, request->at + sent, request->length - sent, MSG_NOSIGNAL);
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
    if (count != 5 && count != 6) return EXIT_FAILURE;
    static client clients[MAX_CLIENTS];
    static struct pollfd ready[MAX_CLIENTS];
    int port = atoi(arguments[1]), number = atoi(arguments[2]);
    wanted = atol(arguments[3]);
    if (number < 1 || number > MAX_CLIENTS || wanted < 1) return EXIT_FAILURE;
    read_requests(arguments[4]);
    rate = count == 6 ? atof(arguments[5]) : 0;
    times = calloc((size_t)wanted, sizeof *times);
    if (!times) die("no memory");
    for (int i = 0; i < number; i++) {
        connect_client(&clients[i], port);
        ready[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
    }
    start = now();
    for (int i = 0; i < number; i++)
        begin(&clients[i]);
    while (done < wanted) {
        double wait = started == wanted ? 1 : next_time() - now();
        long nanoseconds = wait > 0 ? (long)(wait * 1e9) : 0;
        struct timespec until = {nanoseconds / 1000000000, nanoseconds % 1000000000};
        if (ppoll(ready, (nfds_t)number, rate > 0 ? &until : NULL, NULL) < 0) die("poll");
        for (int i = 0; i < number; i++)
            if (ready[i].revents)
                receive(&clients[i]);
            else if (clients[i].idle)
                begin(&clients[i]);
    }
    double seconds = now() - start;
    qsort(times, (size_t)wanted, sizeof *times, by_size);
    printf("%.6f %.4f %.4f %ld\n", seconds, times[wanted / 2] * 1e3, times[wanted * 99 / 100] * 1e3, failed);
    return EXIT_SUCCESS;
}
