/* One connection on hiredis. The hooks of hiredis report what it waits for. It calls back when a reply has
 * arrived and when the connection ends. It frees its context by itself after the last callback. */
#include "redis/driver.h"
#include "redis/tls.h"
#include <fcntl.h>
#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Nested lists in a reply. Redis's own commands nest 3 deep; a script may nest deeper. */
#define DEEPEST_REPLY 16

/* Bytes of a reason why a connection over TLS has ended. */
#define REASON_SIZE 512

/* Items of one list in a reply. hiredis takes the memory for all of them when it has read their number. */
#define MOST_ITEMS 65536

#if HIREDIS_MAJOR < 1
typedef int driver_count;
#else
typedef size_t driver_count;
#endif

#define DRIVER_SURPLUS "a reply came that no command had asked for"

struct ic_redis_link {
    redisAsyncContext *context; /* NULL: freed by hiredis */
    ic_redis_tls *tls;          /* NULL: the connection is in the clear */
    const ic_redis_events *events;
    void *owner;
    bool reads, writes;
    size_t unanswered; /* commands */
    int depth;         /* calls into hiredis under way: the link is not freed while there are any */
    bool closed;       /* the owner wants no more events */
};

static void driver_add_read(void *link) {
    ((ic_redis_link *)link)->reads = true;
}
static void driver_delete_read(void *link) {
    ((ic_redis_link *)link)->reads = false;
}
static void driver_add_write(void *link) {
    ((ic_redis_link *)link)->writes = true;
}
static void driver_delete_write(void *link) {
    ((ic_redis_link *)link)->writes = false;
}
static void driver_cleanup(void *link) {
    ((ic_redis_link *)link)->reads = ((ic_redis_link *)link)->writes = false;
}

/* Leaves a call into hiredis. True: the link has been freed. */
static bool driver_leave(ic_redis_link *link) {
    if (--link->depth > 0 || !link->closed) return false;
    if (link->context) {
        link->depth++; /* hiredis calls driver_on_disconnect */
        redisAsyncFree(link->context);
    }
    ic_redis_tls_free(link->tls);
    free(link);
    return true;
}

/* Ends the link because the connection has ended: its owner is notified, unless it has closed the link. */
static void driver_end(ic_redis_link *link, const char *why) {
    link->context = NULL;
    if (link->closed) return;
    link->closed = true;
    link->events->ended(link->owner, why);
}

static void driver_on_connect(const redisAsyncContext *context, int status) {
    ic_redis_link *link = context->data;
    /* After a failure, hiredis frees the context without calling driver_on_disconnect. */
    if (status != REDIS_OK)
        driver_end(link, *context->c.errstr ? context->c.errstr : "the connection was refused");
    else if (!link->closed)
        link->events->opened(link->owner);
}

static void driver_on_disconnect(const redisAsyncContext *context, int status) {
    ic_redis_link *link = context->data;
    char why[REASON_SIZE];
    if (status == REDIS_OK)
        driver_end(link, "the connection was closed");
    else if (link->tls && ic_redis_tls_explain(link->tls, why, sizeof why))
        driver_end(link, why);
    else
        driver_end(link, context->c.errstr);
}

/* A reply that no command asked for. hiredis would end the process (an assertion in async.c), except for an
 * error, by which Redis says that it has too many clients. */
static void driver_check_surplus(ic_redis_link *link) {
    redisReader *reader = link->context->c.reader;
    if (link->unanswered || reader->err || reader->pos >= reader->len || reader->buf[reader->pos] == '-')
        return;
    reader->err = REDIS_ERR_PROTOCOL;
    snprintf(reader->errstr, sizeof reader->errstr, "%s", DRIVER_SURPLUS);
}

static bool driver_peek(ic_redis_link *link, char *byte) {
    if (link->tls) return ic_redis_tls_peek(link->tls, byte);
    return recv(link->context->c.fd, byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* The same for bytes that wait at the socket; hiredis reads and parses in one go. */
static void driver_check_arriving(ic_redis_link *link) {
    redisContext *context = &link->context->c;
    char byte;
    if (link->unanswered || !(context->flags & REDIS_CONNECTED) || context->reader->err ||
        !driver_peek(link, &byte) || byte == '-')
        return;
    context->reader->err = REDIS_ERR_PROTOCOL;
    snprintf(context->reader->errstr, sizeof context->reader->errstr, "%s", DRIVER_SURPLUS);
}

/* `reply` is NULL when the connection ends with the command unanswered; driver_on_disconnect follows. */
static void driver_on_reply(redisAsyncContext *context, void *reply, void *unused) {
    (void)unused;
    ic_redis_link *link = context->data;
    link->unanswered--;
    if (reply && !link->closed) link->events->replied(link->owner, reply);
    if (reply && link->context) driver_check_surplus(link);
}

static redisReplyObjectFunctions driver_makers; /* of replies: those of hiredis, but for the limit */
static void *(*driver_make_array)(const redisReadTask *, driver_count);

static void *driver_make_short_array(const redisReadTask *task, driver_count items) {
    return items > MOST_ITEMS ? NULL : driver_make_array(task, items);
}

static void driver_limit_items(redisReader *reader) {
    if (!driver_make_array) {
        driver_makers = *reader->fn;
        driver_make_array = driver_makers.createArray;
        driver_makers.createArray = driver_make_short_array;
    }
    reader->fn = &driver_makers;
}

static redisAsyncContext *driver_connect(const ic_redis_target *target, char *why, size_t size) {
    redisAsyncContext *context =
        target->host ? redisAsyncConnect(target->host, target->port) : redisAsyncConnectUnix(target->path);
    if (!context || !context->err) return context;
    snprintf(why, size, "%s", context->errstr);
    redisAsyncFree(context);
    return NULL;
}

static ic_redis_link *driver_open(const ic_redis_target *target, const ic_redis_events *events, void *owner,
                                  char *why, size_t size) {
    *why = '\0';
    ic_redis_link *link = calloc(1, sizeof *link);
    ic_redis_tls *tls = link && target->tls_name ? ic_redis_tls_new(target, why, size) : NULL;
    redisAsyncContext *context = NULL;
    if (link && (tls || !target->tls_name)) context = driver_connect(target, why, size);
    if (!context) {
        ic_redis_tls_free(tls);
        free(link);
        return NULL;
    }
    *link = (ic_redis_link){.context = context, .tls = tls, .events = events, .owner = owner};
    context->data = context->ev.data = link;
    driver_limit_items(context->c.reader);
    context->ev.addRead = driver_add_read;
    context->ev.delRead = driver_delete_read;
    context->ev.addWrite = driver_add_write;
    context->ev.delWrite = driver_delete_write;
    context->ev.cleanup = driver_cleanup;
    fcntl(context->c.fd, F_SETFD, FD_CLOEXEC); /* programs that the host starts do not inherit it */
    redisAsyncSetConnectCallback(context, driver_on_connect); /* begins to wait for writing */
    redisAsyncSetDisconnectCallback(context, driver_on_disconnect);
    return link;
}

static bool driver_send(ic_redis_link *link, const char *bytes, size_t length) {
    if (!link->context ||
        redisAsyncFormattedCommand(link->context, driver_on_reply, NULL, bytes, length) != REDIS_OK)
        return false;
    link->unanswered++;
    return true;
}

static int driver_descriptor(const ic_redis_link *link, bool *reads, bool *writes) {
    *reads = link->reads;
    *writes = link->writes;
    return link->context ? link->context->c.fd : -1;
}

/* Whether hiredis may go on with the connection: it waits until TLS has begun. */
static bool driver_begin_tls(ic_redis_link *link) {
    char why[REASON_SIZE] = "";
    ic_redis_tls_state state = ic_redis_tls_begin(link->tls, &link->context->c, why, sizeof why);
    if (state == IC_REDIS_TLS_FAILED) {
        redisAsyncFree(link->context); /* calls nobody: for hiredis it was not open yet */
        driver_end(link, why);
    }
    return state == IC_REDIS_TLS_BEGUN;
}

static void driver_serve(ic_redis_link *link, bool readable, bool writable) {
    link->depth++;
    if (link->tls) ic_redis_tls_prepare();
    if (link->tls && !driver_begin_tls(link)) {
        driver_leave(link);
        return;
    }
    if (writable && link->context && link->writes) redisAsyncHandleWrite(link->context);
    if (readable && link->context && link->reads && !link->closed) {
        driver_check_arriving(link);
        redisAsyncHandleRead(link->context);
    }
    driver_leave(link);
}

static void driver_close(ic_redis_link *link) {
    link->closed = true;
    link->depth++;
    driver_leave(link);
}

static bool driver_copy_within(const redisReply *reply, ic_reply *copy, void *(*allocate)(size_t, size_t),
                               int depth);

static bool driver_copy_items(const redisReply *reply, ic_reply *copy, void *(*allocate)(size_t, size_t),
                              int depth) {
    copy->kind = IC_REPLY_LIST;
    if (!reply->elements) return true;
    if (depth == DEEPEST_REPLY || !(copy->items = allocate(reply->elements, sizeof *copy->items)))
        return false;
    copy->count = reply->elements;
    for (size_t i = 0; i < reply->elements; i++)
        if (!driver_copy_within(reply->element[i], &copy->items[i], allocate, depth + 1)) return false;
    return true;
}

static bool driver_copy_within(const redisReply *reply, ic_reply *copy, void *(*allocate)(size_t, size_t),
                               int depth) {
    *copy = (ic_reply){.kind = IC_REPLY_NIL};
    switch (reply->type) {
    case REDIS_REPLY_NIL: return true;
    case REDIS_REPLY_INTEGER:
        copy->kind = IC_REPLY_INTEGER;
        copy->integer = reply->integer;
        return true;
    case REDIS_REPLY_ARRAY: return driver_copy_items(reply, copy, allocate, depth);
    default:
        if (!reply->str) return true; /* a kind of RESP3, which is never asked for */
        copy->kind = reply->type == REDIS_REPLY_ERROR ? IC_REPLY_ERROR : IC_REPLY_TEXT;
        copy->text = allocate((size_t)reply->len + 1, 1);
        if (!copy->text) return false;
        memcpy(copy->text, reply->str, (size_t)reply->len);
        copy->length = (size_t)reply->len;
        return true;
    }
}

static bool driver_copy(const void *reply, ic_reply *copy, void *(*allocate)(size_t, size_t)) {
    return driver_copy_within(reply, copy, allocate, 0);
}

#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

static const ic_redis_driver driver = {
    .version = IC_REDIS_DRIVER_VERSION,
    .library = "hiredis " TEXT_OF(HIREDIS_MAJOR) "." TEXT_OF(HIREDIS_MINOR) "." TEXT_OF(HIREDIS_PATCH),
    .tls = IC_REDIS_TLS,
    .open = driver_open,
    .send = driver_send,
    .descriptor = driver_descriptor,
    .serve = driver_serve,
    .close = driver_close,
    .copy = driver_copy,
};

const ic_redis_driver *ic_hiredis_driver(void) {
    return &driver;
}
