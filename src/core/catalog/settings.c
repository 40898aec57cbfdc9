#include "core/catalog/settings.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <math.h>
#include <string.h>

#define TEXT    IC_OPTION_TEXT
#define SCOPES  IC_OPTION_SCOPES
#define ACTOR   IC_OPTION_ACTOR
#define NUMBER  IC_OPTION_NUMBER
#define INTEGER IC_OPTION_INTEGER
#define LIMIT   IC_OPTION_LIMIT
#define BOOLEAN IC_OPTION_BOOLEAN

const ic_option ic_options[] = {
#define SETTING(name, type, scope, member, smallest, largest)                                                \
    {name, type, IC_SCOPE_##scope, offsetof(ic_settings, member), smallest, largest},
#define HANDLED(name, scope) {name, IC_OPTION_HANDLED, IC_SCOPE_##scope, 0, 0, 0},
#include "core/catalog/options.def"
#undef SETTING
#undef HANDLED
    {0}};

const ic_option *ic_option_find(const char *name, unsigned scope) {
    for (const ic_option *option = ic_options; option->name; option++)
        if ((option->scope & scope) && strcmp(option->name, name) == 0) return option;
    return NULL;
}

const char *ic_option_nearest(const char *name, unsigned scope) {
    ic_nearest search = {.wanted = name};
    for (const ic_option *option = ic_options; option->name; option++)
        if (option->scope & scope) ic_nearest_offer(&search, option->name);
    return search.best;
}

void ic_settings_default(ic_settings *settings) {
    *settings = (ic_settings){.timeout = 60,
                              .connect_timeout = 10,
                              .deadline = 300,
                              .max_retries = 3,
                              .max_in_flight = 32,
                              .max_body = 64.0 * 1024 * 1024,
                              .rate_share = 1,
                              .rate_limit = true,
                              .default_scope = true};
}

static void *member(const ic_settings *settings, const ic_option *option) {
    return (char *)settings + option->offset;
}

static bool is_text(ic_option_type type) {
    return type == TEXT || type == SCOPES || type == ACTOR;
}

void ic_option_mismatch(const ic_option *option, const char *got, ic_error *error) {
    static const char *const expected[] = {
        [TEXT] = "a string",
        [SCOPES] = "a list of strings",
        [ACTOR] = "a string, or false for none",
        [NUMBER] = "a number",
        [INTEGER] = "a whole number",
        [LIMIT] = "a number of seconds, or false for none",
        [BOOLEAN] = "a boolean",
        [IC_OPTION_HANDLED] = "another value",
    };
    ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected %s, got %s", option->name, expected[option->type],
                 got);
}

bool ic_settings_text(ic_settings *settings, const ic_option *option, const char *text, ic_error *error) {
    if (!is_text(option->type)) {
        ic_option_mismatch(option, "a string", error);
        return false;
    }
    if (option->type == TEXT && !*text) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: must not be empty", option->name);
        return false;
    }
    if (!ic_header_safe(text)) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: must not hold control characters such as line ends",
                     option->name);
        return false;
    }
    char **slot = member(settings, option);
    char *copy = ic_strdup(text);
    if (!copy) {
        ic_error_memory(error);
        return false;
    }
    ic_free_secret(*slot);
    *slot = copy;
    return true;
}

bool ic_settings_number(ic_settings *settings, const ic_option *option, double value, ic_error *error) {
    bool whole = option->type == INTEGER;
    if (!whole && option->type != NUMBER && option->type != LIMIT) {
        ic_option_mismatch(option, "a number", error);
        return false;
    }
    if (!(value >= option->smallest && value <= option->largest) || (whole && value != floor(value))) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected a %snumber from %g to %g, got %g", option->name,
                     whole ? "whole " : "", option->smallest, option->largest, value);
        return false;
    }
    *(double *)member(settings, option) = value;
    return true;
}

bool ic_settings_boolean(ic_settings *settings, const ic_option *option, bool value, ic_error *error) {
    if (option->type == BOOLEAN) {
        *(bool *)member(settings, option) = value;
        return true;
    }
    if (option->type == LIMIT && !value) {
        *(double *)member(settings, option) = 0;
        return true;
    }
    if (option->type == ACTOR && !value) return ic_settings_text(settings, option, "", error);
    ic_option_mismatch(option, value ? "true" : "false", error);
    return false;
}

void ic_settings_clear(ic_settings *settings) {
    for (const ic_option *option = ic_options; option->name; option++) {
        if (!is_text(option->type)) continue;
        char **slot = member(settings, option);
        ic_free_secret(*slot);
        *slot = NULL;
    }
}
