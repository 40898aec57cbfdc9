/* The engine's unix socket, for hosts that can only wait for a socket of their own. */
#include "core/engine/socket_path.h"
#include "spec/core/engine/engine_trial.h"
#include <dlfcn.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PATIENCE 20000 /* milliseconds */

static char folder[] = "/tmp/ironclad-socket.XXXXXX";
static char path[IC_SOCKET_PATH_SIZE];

static void open_socket(void) {
    ic_error error = {0};
    CHECK(ic_process_prepare());
    CHECK(ic_socket_open(folder, "/tmp", path, &error));
    ic_engine_wake();
    ic_error_clear(&error);
}

static int new_client(void) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void connect_new(int descriptor) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    CHECK(connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
}

static int connect_client(void) {
    int descriptor = new_client();
    connect_new(descriptor);
    return descriptor;
}

static void send_text(int descriptor, const char *text) {
    CHECK(send(descriptor, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static void ask(int descriptor, unsigned long id) {
    char text[32];
    snprintf(text, sizeof text, "%lu\n", id);
    send_text(descriptor, text);
}

/* 1: a byte came; 0: the connection was closed; -1: nothing within `milliseconds`. */
static int receive(int descriptor, int milliseconds) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    char byte;
    if (poll(&wanted, 1, milliseconds) <= 0) return -1;
    return recv(descriptor, &byte, 1, 0) == 1 ? 1 : 0;
}

/* A client is notified when its call has ended, each time that it asks; at once when the call is not in
 * flight. */
static void test_notifications(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    open_socket();
    int descriptor = connect_client();
    for (int i = 0; i < 3; i++) {
        ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
        ask(descriptor, call->id);
        CHECK(receive(descriptor, PATIENCE) == 1);
        await(mailbox, call);
        ask(descriptor, call->id);
        CHECK(receive(descriptor, PATIENCE) == 1);
        ic_call_release(call);
    }
    ask(descriptor, 0);
    CHECK(receive(descriptor, PATIENCE) == 1);
    close(descriptor);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* A socket that is opened while the engine's thread rests has its clients served, also when no call is under
 * way. */
static void test_opened_at_rest(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, call);
    open_socket();
    int descriptor = connect_client();
    ask(descriptor, call->id);
    CHECK(receive(descriptor, PATIENCE) == 1);
    close(descriptor);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* Without a descriptor for them, clients are closed, so that they do not wait for an answer that cannot come.
 * Those that wait already are served, and so are all others as soon as there are descriptors again. */
static void test_no_descriptors(void) {
    enum { CLIENTS = 3, MOST = 256 };
    struct rlimit before, low;
    int clients[CLIENTS], taken[MOST], count = 0;
    ic_peer *peer = start_silent();
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    connection->settings.watched = false; /* no notices but the end */
    open_socket();
    ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
    int waiting = connect_client();
    ask(waiting, 0);
    CHECK(receive(waiting, PATIENCE) == 1);
    ask(waiting, call->id);
    CHECK(ic_peer_await(peer, 1) == 1);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = new_client();
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    low = before;
    low.rlim_cur = (rlim_t)clients[CLIENTS - 1] + 8;
    CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
    while (count < MOST && (taken[count] = dup(0)) >= 0)
        count++;
    CHECK(count < MOST);
    for (int i = 0; i < CLIENTS; i++) {
        connect_new(clients[i]);
        send(clients[i], "1\n", 2, MSG_NOSIGNAL); /* it may be closed by now */
    }
    for (int i = 0; i < CLIENTS; i++)
        CHECK(receive(clients[i], PATIENCE) == 0);
    CHECK(receive(waiting, 0) == -1);
    while (count)
        close(taken[--count]);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    int other = connect_client();
    ask(other, 0);
    CHECK(receive(other, PATIENCE) == 1);
    ic_call_cancel(call);
    await(mailbox, call);
    CHECK(receive(waiting, PATIENCE) == 1);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    close(other);
    close(waiting);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* A client that disconnects abandons its call, but a change that was sent goes on. */
static void test_disconnecting(void) {
    static const struct {
        const char *operation;
        bool ends;
    } cases[] = {{"retrieve-a-workflow", true}, {"send-signature-request", false}};
    ic_peer *peer = start_silent();
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    connection->settings.watched = false; /* no notices but the end */
    open_socket();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int descriptor = connect_client(), other = connect_client();
        ic_call *call = start_call(mailbox, connection, cases[i].operation);
        ask(descriptor, call->id);
        CHECK(ic_peer_await(peer, i + 1) == i + 1);
        CHECK(receive(descriptor, 0) == -1);
        close(descriptor);
        if (cases[i].ends) {
            await(mailbox, call);
            CHECK(call->error.kind == IC_ERR_CANCELLED);
        } else {
            /* When this is answered, the engine has seen the other's end. */
            ask(other, 0);
            CHECK(receive(other, PATIENCE) == 1);
            ask(other, 0);
            CHECK(receive(other, PATIENCE) == 1);
            CHECK(!ic_call_done(call));
            ic_call_cancel(call);
            await(mailbox, call);
        }
        close(other);
        ic_call_release(call);
    }
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* A client that has got its byte and disconnects abandons its call only if it has asked for that. */
static void test_holding(void) {
    ic_peer *peer = start_silent();
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    connection->settings.watched = true; /* so that there is an event at once */
    open_socket();
    for (size_t holds = 0; holds < 2; holds++) {
        char text[32];
        int descriptor = connect_client(), other = connect_client();
        ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
        snprintf(text, sizeof text, "%lu%s\n", call->id, holds ? "+" : "");
        for (int i = 0; i < 2; i++) {
            send_text(descriptor, text);
            CHECK(receive(descriptor, PATIENCE) == 1);
        }
        CHECK(ic_peer_await(peer, holds + 1) == holds + 1);
        CHECK(!ic_call_done(call));
        close(descriptor);
        for (int i = 0; i < 2; i++) { /* when this is answered, the engine has seen the other's end */
            ask(other, 0);
            CHECK(receive(other, PATIENCE) == 1);
        }
        if (!holds) {
            CHECK(!ic_call_done(call));
            ic_call_cancel(call);
        }
        await(mailbox, call);
        CHECK(call->error.kind == IC_ERR_CANCELLED);
        close(other);
        ic_call_release(call);
    }
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

static void test_bad_requests(void) {
    static const char *const texts[] = {"\n",
                                        "x\n",
                                        "1x\n",
                                        "1++\n",
                                        "+\n",
                                        "-\n",
                                        "1\n1\n",
                                        "123456789012345678901234567890",
                                        "GET / HTTP/1.1\r\nHost: x\r\n\r\n"};
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, call); /* the engine still runs */
    open_socket();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int descriptor = connect_client();
        send_text(descriptor, texts[i]);
        CHECK(receive(descriptor, PATIENCE) == 0);
        close(descriptor);
    }
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

static int to_unlink; /* sockets that are removed between bind and listen, as another process may do */

/* Stands before the C library's. */
int listen(int descriptor, int backlog) {
    struct sockaddr_un address = {0};
    socklen_t size = sizeof address;
    if (to_unlink && getsockname(descriptor, (struct sockaddr *)&address, &size) == 0 &&
        address.sun_family == AF_UNIX) {
        to_unlink--;
        unlink(address.sun_path);
    }
    int (*real)(int, int);
    *(void **)&real = dlsym(RTLD_NEXT, "listen");
    return real(descriptor, backlog);
}

static atomic_bool takes_closed; /* every descriptor that is closed is taken at once, as by another thread */
static atomic_int taken[256];
static atomic_int taken_count;

/* Stands before the C library's. */
int close(int descriptor) {
    int (*real)(int);
    *(void **)&real = dlsym(RTLD_NEXT, "close");
    int status = real(descriptor);
    if (takes_closed && taken_count < 256) taken[taken_count++] = dup(0);
    return status;
}

/* Where another thread takes even the spare descriptor, clients are closed, too. They find another socket. */
static void test_no_spare_descriptor(void) {
    struct rlimit before, low;
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, call);
    open_socket();
    int first = connect_client();
    ask(first, 0);
    CHECK(receive(first, PATIENCE) == 1); /* the engine has its spare descriptor */
    int refused = new_client();
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    low = before;
    low.rlim_cur = (rlim_t)refused + 8;
    CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
    for (int copy; taken_count < 256 && (copy = dup(0)) >= 0;)
        taken[taken_count++] = copy;
    takes_closed = true;
    connect_new(refused);
    CHECK(receive(refused, PATIENCE) == 0);
    takes_closed = false;
    while (taken_count)
        close(taken[--taken_count]);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    open_socket();
    int other = connect_client();
    ask(other, 0);
    CHECK(receive(other, PATIENCE) == 1);
    close(first);
    close(refused);
    close(other);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* What is removed before it listens is made anew; removed again and again, that is an error. */
static void test_removed(void) {
    char other[IC_SOCKET_PATH_SIZE];
    struct stat about;
    ic_error error = {0};
    open_socket();
    CHECK(unlink(path) == 0);
    to_unlink = 1;
    CHECK(ic_socket_open(folder, "/tmp", other, &error));
    CHECK(other[0] && lstat(other, &about) == 0);
    CHECK(unlink(other) == 0);
    to_unlink = 100;
    CHECK(!ic_socket_open(folder, "/tmp", other, &error));
    CHECK(error.kind == IC_ERR_IO);
    CHECK(strstr(ic_error_message(&error), "was removed"));
    ic_error_clear(&error);
    to_unlink = 0;
    open_socket();
}

/* Opened again, the path is the same, or a new one when its file is gone. Files of dead processes are
 * removed. */
static void test_path(void) {
    char again[IC_SOCKET_PATH_SIZE], stale[IC_SOCKET_PATH_SIZE];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat about;
    open_socket();
    CHECK(ic_socket_open(folder, "/tmp", again, NULL));
    CHECK_TEXT(again, path);

    snprintf(stale, sizeof stale, "%s/ironclad-1-0.sock", folder);
    memcpy(address.sun_path, stale, sizeof stale);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
    close(descriptor);
    CHECK(unlink(path) == 0);
    open_socket();
    CHECK(strcmp(again, path) != 0);
    CHECK(lstat(stale, &about) != 0);
    close(connect_client());
}

static void test_folders(void) {
    char file[64], open[64], deep[64], longest[200], own[64];
    ic_error error = {0};
    ic_socket_remove();
    snprintf(file, sizeof file, "%s/file", folder);
    snprintf(open, sizeof open, "%s/open", folder);
    snprintf(deep, sizeof deep, "%s/no/folder", folder);
    snprintf(own, sizeof own, "%s/ironclad-%ld", folder, (long)geteuid());
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    fclose(fopen(file, "w"));
    mkdir(open, 0700);
    chmod(open, 0750);
    const char *const cases[][2] = {
        {file, "is not a folder"}, {open, "chmod 700"}, {deep, "cannot make"}, {longest, "the limit is"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(!ic_socket_open(cases[i][0], "/tmp", path, &error));
        CHECK(error.kind == IC_ERR_IO && strncmp(ic_error_message(&error), "socket_dir: ", 12) == 0);
        CHECK(strstr(ic_error_message(&error), cases[i][1]));
        ic_error_clear(&error);
    }
    /* Without a folder: one of this user's own, which is removed at the end. */
    struct stat about;
    CHECK(ic_socket_open(NULL, folder, path, &error));
    CHECK(strncmp(path, own, strlen(own)) == 0);
    CHECK(stat(own, &about) == 0 && (about.st_mode & 0777) == 0700);
    ic_socket_remove();
    CHECK(stat(own, &about) != 0);
    unlink(file);
    rmdir(open);
}

int main(void) {
    limit_seconds(100);
    CHECK(mkdtemp(folder));
    STAGE(test_opened_at_rest); /* first: no socket was opened before */
    STAGE(test_notifications);
    STAGE(test_no_descriptors);
    STAGE(test_no_spare_descriptor);
    STAGE(test_disconnecting);
    STAGE(test_holding);
    STAGE(test_bad_requests);
    STAGE(test_path);
    STAGE(test_removed);
    STAGE(test_folders);
    ic_engine_stop();
    CHECK(rmdir(folder) == 0);
    return check_done("socket");
}
