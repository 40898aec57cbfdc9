#include "core/catalog/settings.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The members that every option has. */
#define COMMON(name_, type_, where, text_)                                                                   \
    .name = #name_, .type = IC_OPTION_##type_, .places = IC_FOR_##where, .text = text_
#define IN_SETTINGS(name_, type_, where, text_)                                                              \
    COMMON(name_, type_, where, text_), .offset = offsetof(ic_settings, name_)
#define NUMERIC(name_, type_, where, unit_, preset_, smallest_, largest_, text_)                             \
    {IN_SETTINGS(name_, type_, where, text_), .unit = unit_, .preset = preset_, .smallest = smallest_,       \
     .largest = largest_},

const ic_option ic_options[] = {
#define TEXT(name_, where, choices_, preset_, text_)                                                         \
    {IN_SETTINGS(name_, TEXT, where, text_), .choices = choices_, .fallback = preset_},
#define TEXT_OR_FALSE(name_, where, preset_, text_)                                                          \
    {IN_SETTINGS(name_, TEXT_OR_FALSE, where, text_), .fallback = preset_},
#define SCOPES(name_, where, preset_, text_)  {IN_SETTINGS(name_, SCOPES, where, text_), .fallback = preset_},
#define NUMBER(name_, ...)                    NUMERIC(name_, NUMBER, __VA_ARGS__)
#define NUMBER_OR_FALSE(name_, ...)           NUMERIC(name_, NUMBER_OR_FALSE, __VA_ARGS__)
#define WHOLE(name_, ...)                     NUMERIC(name_, WHOLE, __VA_ARGS__)
#define BOOLEAN(name_, where, preset_, text_) {IN_SETTINGS(name_, BOOLEAN, where, text_), .preset = preset_},
#define HANDLED(name_, where, takes_, preset_, text_)                                                        \
    {COMMON(name_, HANDLED, where, text_), .takes = takes_, .fallback = preset_},
#include "core/catalog/options.def"
    {0}};

const ic_option *ic_option_find(const char *name, unsigned place) {
    for (const ic_option *option = ic_options; option->name; option++)
        if ((option->places & place) && strcmp(option->name, name) == 0) return option;
    return NULL;
}

const char *ic_option_nearest(const char *name, unsigned place) {
    ic_nearest search = {.wanted = name};
    for (const ic_option *option = ic_options; option->name; option++)
        if (option->places & place) ic_nearest_offer(&search, option->name);
    return search.best;
}

static void *settings_member(const ic_settings *settings, const ic_option *option) {
    return (char *)settings + option->offset;
}

static bool setting_is_text(const ic_option *option) {
    return option->type == IC_OPTION_TEXT || option->type == IC_OPTION_TEXT_OR_FALSE ||
           option->type == IC_OPTION_SCOPES;
}

static bool setting_is_number(const ic_option *option) {
    return option->type == IC_OPTION_NUMBER || option->type == IC_OPTION_NUMBER_OR_FALSE ||
           option->type == IC_OPTION_WHOLE;
}

const char *ic_settings_choice(const ic_settings *settings, const char *name) {
    const ic_option *option = ic_option_find(name, ~0u);
    const char *value = *(char **)settings_member(settings, option);
    return value ? value : option->fallback;
}

void ic_settings_default(ic_settings *settings) {
    *settings = (ic_settings){0};
    for (const ic_option *option = ic_options; option->name; option++) {
        if (setting_is_number(option)) *(double *)settings_member(settings, option) = option->preset;
        if (option->type == IC_OPTION_BOOLEAN)
            *(bool *)settings_member(settings, option) = option->preset != 0;
    }
}

void ic_option_mismatch(const ic_option *option, const char *got, ic_error *error) {
    static const char *const expected[] = {
        [IC_OPTION_TEXT] = "a string",
        [IC_OPTION_TEXT_OR_FALSE] = "a string, or false for none",
        [IC_OPTION_SCOPES] = "a list of strings",
        [IC_OPTION_NUMBER] = "a number",
        [IC_OPTION_NUMBER_OR_FALSE] = "a number of seconds, or false for none",
        [IC_OPTION_WHOLE] = "a whole number",
        [IC_OPTION_BOOLEAN] = "a boolean",
        [IC_OPTION_HANDLED] = "another value",
    };
    ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected %s, got %s", option->name, expected[option->type],
                 got);
}

/* Bytes for any choice. A longer text may be a secret in the wrong place, and is not shown. */
#define CHOICE_SIZE 24

/* Whether a text is one of the option's choices; sets the error otherwise. */
static bool setting_check_choice(const ic_option *option, const char *text, ic_error *error) {
    if (!option->choices) return true;
    ic_buf list = {0};
    size_t wanted = strlen(text), length;
    ic_nearest search = {.wanted = text};
    char candidate[CHOICE_SIZE], nearest[CHOICE_SIZE], hint[IC_HINT_SIZE],
        got[CHOICE_SIZE + 2] = "another text";
    for (const char *choice = option->choices; *choice; choice += length + (choice[length] == ' ')) {
        length = strcspn(choice, " ");
        bool last = !choice[length];
        if (length == wanted && memcmp(choice, text, length) == 0) {
            ic_buf_free(&list);
            return true;
        }
        ic_buf_printf(&list, "%s\"%.*s\"", !list.length ? "" : last ? " or " : ", ", (int)length, choice);
        snprintf(candidate, sizeof candidate, "%.*s", (int)length, choice);
        ic_nearest_offer(&search, candidate);
        if (search.best == candidate) search.best = strcpy(nearest, candidate);
    }
    if (wanted < CHOICE_SIZE) snprintf(got, sizeof got, "\"%s\"", text);
    const char *choices = ic_buf_text(&list);
    if (choices)
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected %s, got %s%s", option->name, choices, got,
                     ic_nearest_hint(hint, search.best));
    else
        ic_error_memory(error);
    ic_buf_free(&list);
    return false;
}

static bool settings_keep(ic_settings *settings, const ic_option *option, const char *text, ic_error *error) {
    char **member = settings_member(settings, option);
    char *copy = ic_strdup(text);
    if (!copy) {
        ic_error_memory(error);
        return false;
    }
    ic_free_secret(*member);
    *member = copy;
    return true;
}

bool ic_settings_text(ic_settings *settings, const ic_option *option, const char *text, ic_error *error) {
    if (!setting_is_text(option)) {
        /* A number in quotes is shown. Any other string is not: it may be a secret in the wrong place. */
        char got[48] = "a string";
        if (*text && strspn(text, "0123456789.-") == strlen(text))
            snprintf(got, sizeof got, "the string \"%.20s\"", text);
        ic_option_mismatch(option, got, error);
        return false;
    }
    if (option->type == IC_OPTION_TEXT_OR_FALSE && ic_text_is_blank(text)) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: must not be empty; false is for none", option->name);
        return false;
    }
    if (option->type == IC_OPTION_TEXT && !*text) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: must not be empty", option->name);
        return false;
    }
    if (!ic_header_safe(text)) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: must not hold control characters such as line ends",
                     option->name);
        return false;
    }
    return setting_check_choice(option, text, error) && settings_keep(settings, option, text, error);
}

bool ic_settings_number(ic_settings *settings, const ic_option *option, double value, ic_error *error) {
    if (!setting_is_number(option)) {
        ic_option_mismatch(option, "a number", error);
        return false;
    }
    bool whole = option->type == IC_OPTION_WHOLE;
    if (!(value >= option->smallest && value <= option->largest) || (whole && value != floor(value))) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected a %snumber from %g to %g, got %g", option->name,
                     whole ? "whole " : "", option->smallest, option->largest, value);
        return false;
    }
    *(double *)settings_member(settings, option) = value;
    return true;
}

bool ic_settings_boolean(ic_settings *settings, const ic_option *option, bool value, ic_error *error) {
    if (option->type == IC_OPTION_BOOLEAN) {
        *(bool *)settings_member(settings, option) = value;
        return true;
    }
    if (option->type == IC_OPTION_NUMBER_OR_FALSE && !value) {
        *(double *)settings_member(settings, option) = 0;
        return true;
    }
    if (option->type == IC_OPTION_TEXT_OR_FALSE && !value) return settings_keep(settings, option, "", error);
    ic_option_mismatch(option, value ? "true" : "false", error);
    return false;
}

bool ic_settings_copy(ic_settings *copy, const ic_settings *settings, ic_error *error) {
    bool whole = true;
    *copy = *settings;
    for (const ic_option *option = ic_options; option->name; option++) {
        if (!setting_is_text(option)) continue;
        char **member = settings_member(copy, option), *text = *member;
        *member = ic_strdup(text);
        whole = whole && (*member || !text);
    }
    if (!whole) ic_error_memory(error);
    return whole;
}

void ic_settings_clear(ic_settings *settings) {
    for (const ic_option *option = ic_options; option->name; option++) {
        if (!setting_is_text(option)) continue;
        char **member = settings_member(settings, option);
        ic_free_secret(*member);
        *member = NULL;
    }
}
