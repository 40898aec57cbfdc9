#include "sandbox/clickwrap/filter.h"
#include "core/json/json.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512

typedef enum comparison { EQ, NE, GE, LE, GT, LT, NONE } comparison;

/* Those of two characters come first. */
static const struct sign {
    const char *text;
    comparison means;
} filter_signs[] = {{"==", EQ}, {"!=", NE}, {">=", GE}, {"<=", LE}, {">", GT}, {"<", LT}};

typedef struct clause {
    char field[128], value[TEXT_MAX];
    comparison sign;
} clause;

static const char *filter_skip(const char *at) {
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* A value in quotes, with \" and \\ in it, or a plain word. NULL: it is too long or its quote is not closed.
 */
static const char *filter_read_value(const char *at, char *into) {
    size_t length = 0;
    bool quoted = *at == '"';
    for (at += quoted; *at && (quoted ? *at != '"' : !isspace((unsigned char)*at)); at++) {
        if (quoted && *at == '\\' && at[1]) at++;
        if (length == TEXT_MAX - 1) return NULL;
        into[length++] = *at;
    }
    into[length] = '\0';
    if (!quoted) return length ? at : NULL;
    return *at == '"' ? at + 1 : NULL;
}

/* Reads one comparison. Returns what follows; NULL: it cannot be read. */
static const char *filter_read(const char *at, clause *into) {
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
    if (!length || length >= sizeof into->field) return NULL;
    snprintf(into->field, sizeof into->field, "%.*s", (int)length, at);
    at = filter_skip(at + length);
    into->sign = NONE;
    for (size_t i = 0; into->sign == NONE && i < sizeof filter_signs / sizeof *filter_signs; i++) {
        size_t size = strlen(filter_signs[i].text);
        if (strncmp(at, filter_signs[i].text, size) != 0) continue;
        into->sign = filter_signs[i].means;
        at += size;
    }
    return into->sign == NONE ? NULL : filter_read_value(filter_skip(at), into->value);
}

/* The member that a path such as "custom_data.plan" leads to; NULL: there is none. */
static const cJSON *filter_member(const cJSON *object, const char *path) {
    char name[128];
    while (object && *path) {
        size_t length = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        object = ic_json_member(object, name);
        path += length + (path[length] == '.');
    }
    return object;
}

/* Numbers are compared as numbers, everything else as text: so are times, which all have the same form. */
static int filter_compare(const cJSON *member, const char *value) {
    if (cJSON_IsNumber(member)) {
        double other = strtod(value, NULL);
        return (member->valuedouble > other) - (member->valuedouble < other);
    }
    const char *own = cJSON_IsString(member)  ? member->valuestring
                      : cJSON_IsTrue(member)  ? "true"
                      : cJSON_IsFalse(member) ? "false"
                                              : "";
    return strcmp(own, value);
}

static bool filter_clause_fits(const clause *clause, const cJSON *object) {
    const cJSON *member = filter_member(object, clause->field);
    int order = filter_compare(member, clause->value);
    switch (clause->sign) {
    case EQ: return member && order == 0;
    case NE: return order != 0;
    case GE: return member && order >= 0;
    case LE: return member && order <= 0;
    case GT: return member && order > 0;
    case LT: return member && order < 0;
    case NONE: break;
    }
    return false;
}

/* Reads all clauses. With an object, also whether it fits all of them. false: does not fit, or cannot be
 * read. */
static bool filter_walk(const char *at, const cJSON *object) {
    clause clause;
    for (at = filter_skip(at);;) {
        at = filter_read(at, &clause);
        if (!at || (object && !filter_clause_fits(&clause, object))) return false;
        at = filter_skip(at);
        if (!*at) return true;
        if (strncmp(at, "and", 3) != 0 || !isspace((unsigned char)at[3])) return false;
        at = filter_skip(at + 3);
    }
}

bool ic_cw_filter_fits(const char *text, const cJSON *object) {
    return !text || filter_walk(text, object);
}

bool ic_cw_filter_valid(const char *text) {
    return filter_walk(text, NULL);
}
