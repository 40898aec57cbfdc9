/* Replies of Redis, copied out of the client library's own (driver.h). */
#ifndef IC_SHARED_REPLY_H
#define IC_SHARED_REPLY_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ic_reply_kind {
    IC_REPLY_NIL,
    IC_REPLY_TEXT, /* bytes; a status reply such as OK, too */
    IC_REPLY_INTEGER,
    IC_REPLY_LIST,
    IC_REPLY_ERROR /* Redis refused the command; `text` says why */
} ic_reply_kind;

typedef struct ic_reply {
    ic_reply_kind kind;
    long long integer;
    char *text; /* owned; `length` bytes and a NUL */
    size_t length;
    struct ic_reply *items; /* owned; `count` of them */
    size_t count;
} ic_reply;

void ic_reply_clear(ic_reply *reply);
/* The item of a list at an index from 0; a static NIL when there is none, or when it is not a list. */
const ic_reply *ic_reply_item(const ic_reply *reply, size_t index);
/* An integer, or a text that is one in decimal; `otherwise` for anything else. */
long long ic_reply_integer(const ic_reply *reply, long long otherwise);
/* Whether it is exactly that text. */
bool ic_reply_is(const ic_reply *reply, const char *text);

#endif
