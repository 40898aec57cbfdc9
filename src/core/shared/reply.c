/* Replies of Redis: reading and freeing them. */
#include "core/shared/reply.h"
#include "core/base/alloc.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ic_reply_clear(ic_reply *reply) {
    for (size_t i = 0; i < reply->count; i++)
        ic_reply_clear(&reply->items[i]);
    ic_free(reply->items);
    ic_free(reply->text);
    *reply = (ic_reply){0};
}

const ic_reply *ic_reply_item(const ic_reply *reply, size_t index) {
    static const ic_reply nil = {.kind = IC_REPLY_NIL};
    return reply->kind == IC_REPLY_LIST && index < reply->count ? &reply->items[index] : &nil;
}

long long ic_reply_integer(const ic_reply *reply, long long otherwise) {
    if (reply->kind == IC_REPLY_INTEGER) return reply->integer;
    if (reply->kind != IC_REPLY_TEXT || !reply->length) return otherwise;
    char *end;
    errno = 0;
    long long number = strtoll(reply->text, &end, 10);
    return errno || end != reply->text + reply->length ? otherwise : number;
}

bool ic_reply_is(const ic_reply *reply, const char *text) {
    return reply->kind == IC_REPLY_TEXT && reply->length == strlen(text) &&
           memcmp(reply->text, text, reply->length) == 0;
}
