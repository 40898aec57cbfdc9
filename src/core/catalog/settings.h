/* The options of a connection and of a call, as the table options.def describes them. */
#ifndef IC_SETTINGS_H
#define IC_SETTINGS_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include <stdbool.h>
#include <stddef.h>

/* The value of every option that is read into a member, under the option's name. A text is owned, and NULL
 * when it is not given; "" means false. Numbers have the unit of options.def; 0 means false. */
typedef struct ic_settings {
#define TEXT(name, ...)            char *name;
#define TEXT_OR_FALSE(name, ...)   char *name;
#define SCOPES(name, ...)          char *name; /* separated by spaces */
#define NUMBER(name, ...)          double name;
#define NUMBER_OR_FALSE(name, ...) double name;
#define WHOLE(name, ...)           double name;
#define BOOLEAN(name, ...)         bool name;
#define HANDLED(...)
#include "core/catalog/options.def"
    /* Not options: */
    bool watched; /* whether hooks or a log want events of its calls */
    ic_product product;
} ic_settings;

/* The type of an option's value, named as in options.def. */
typedef enum ic_option_type {
    IC_OPTION_TEXT,
    IC_OPTION_TEXT_OR_FALSE,
    IC_OPTION_SCOPES,
    IC_OPTION_NUMBER,
    IC_OPTION_NUMBER_OR_FALSE,
    IC_OPTION_WHOLE,
    IC_OPTION_BOOLEAN,
    IC_OPTION_HANDLED
} ic_option_type;

/* Bits: where an option may be given. */
enum {
    IC_FOR_CONNECT = 1,
    IC_FOR_CALL = 2,
    IC_FOR_CLICKWRAP = 4,
    IC_FOR_ACTOR = IC_FOR_CONNECT | IC_FOR_CALL,
    IC_FOR_EITHER = IC_FOR_CONNECT | IC_FOR_CLICKWRAP,
    IC_FOR_ALL = IC_FOR_EITHER | IC_FOR_CALL
};

typedef struct ic_option {
    const char *name; /* NULL ends the table */
    ic_option_type type;
    unsigned places;
    size_t offset;                    /* in ic_settings */
    double preset, smallest, largest; /* of a number; preset is also 0 or 1 of a boolean */
    const char *unit;                 /* of a number: "seconds" */
    const char *choices;              /* of a text: separated by spaces; NULL: any text */
    /* For the documentation: */
    const char *takes;    /* of HANDLED: "a function" */
    const char *fallback; /* the default of a text or HANDLED, in words; NULL: none */
    const char *text;     /* what it is for, one line */
} ic_option;

extern const ic_option ic_options[];
/* The option of that name that may be given in `place`; NULL when there is none. */
const ic_option *ic_option_find(const char *name, unsigned place);
/* The nearest name of an option of that place, or NULL. */
const char *ic_option_nearest(const char *name, unsigned place);

/* Fills in the defaults of options.def. `settings` may be uninitialised; what it held is not freed. */
void ic_settings_default(ic_settings *settings);
/* Each checks a value and copies it; false with ARGUMENT or MEMORY in `error`. */
bool ic_settings_text(ic_settings *settings, const ic_option *option, const char *text, ic_error *error);
bool ic_settings_number(ic_settings *settings, const ic_option *option, double value, ic_error *error);
bool ic_settings_boolean(ic_settings *settings, const ic_option *option, bool value, ic_error *error);
/* A text option with choices: its value, or its default, which is one of the choices. Static or of the
 * settings. */
const char *ic_settings_choice(const ic_settings *settings, const char *name);
/* The message for a value of the wrong kind: "timeout: expected a number, got a string". */
void ic_option_mismatch(const ic_option *option, const char *got, ic_error *error);
/* Copies all of them. `copy` may be uninitialised; clear it also after a failure, which is MEMORY. */
bool ic_settings_copy(ic_settings *copy, const ic_settings *settings, ic_error *error);
void ic_settings_clear(ic_settings *settings); /* frees; secrets are overwritten */

#endif
