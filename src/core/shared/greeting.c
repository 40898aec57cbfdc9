/* AUTH, SELECT and INFO, and what their replies must say. */
#include "core/shared/greeting.h"
#include "core/base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_REDIS 6

static size_t greeting_login(const ic_shared_address *address, const char **words) {
    size_t count = 0;
    if (!address->password) return 0;
    words[count++] = "AUTH";
    if (address->user) words[count++] = address->user;
    words[count++] = address->password;
    return count;
}

static size_t greeting_select(const ic_shared_address *address, const char **words, char *space) {
    if (!address->database) return 0;
    snprintf(space, IC_GREETING_SPACE, "%d", address->database);
    words[0] = "SELECT";
    words[1] = space;
    return 2;
}

size_t ic_greeting_step(const ic_shared_address *address, int step, const char *words[IC_GREETING_WORDS],
                        char space[IC_GREETING_SPACE]) {
    size_t count = greeting_login(address, words);
    if (count && step-- == 0) return count;
    count = greeting_select(address, words, space);
    if (count && step-- == 0) return count;
    if (step > 0) return 0;
    words[0] = "INFO";
    words[1] = "server";
    return 2;
}

/* The value of a field of INFO ("name:value" and the end of the line). */
static bool greeting_field(const char *info, const char *name, char *value, size_t size) {
    size_t length = strlen(name);
    for (const char *line = info; line; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, name, length) != 0 || line[length] != ':') continue;
        const char *text = line + length + 1;
        snprintf(value, size, "%.*s", (int)strcspn(text, "\r\n"), text);
        return true;
    }
    return false;
}

static bool greeting_check_info(const char *info, char *why, size_t size) {
    char version[32], mode[32];
    if (!greeting_field(info, "redis_version", version, sizeof version)) {
        snprintf(why, size, "it does not say that it is Redis");
        return false;
    }
    if (atoi(version) < OLDEST_REDIS) {
        snprintf(why, size, "it is Redis %s; version %d or later is needed", version, OLDEST_REDIS);
        return false;
    }
    if (greeting_field(info, "redis_mode", mode, sizeof mode) && strcmp(mode, "standalone") != 0) {
        snprintf(why, size, "it is Redis %s, which is not supported; name one server",
                 strcmp(mode, "cluster") == 0    ? "Cluster"
                 : strcmp(mode, "sentinel") == 0 ? "Sentinel"
                                                 : mode);
        return false;
    }
    return true;
}

bool ic_greeting_check(const ic_reply *reply, char *why, size_t size) {
    if (reply->kind == IC_REPLY_ERROR) {
        snprintf(why, size, "it refused the connection: %s", reply->text);
        return false;
    }
    if (reply->kind != IC_REPLY_TEXT) {
        snprintf(why, size, "it does not answer as Redis does");
        return false;
    }
    return ic_reply_is(reply, "OK") || greeting_check_info(reply->text, why, size);
}
