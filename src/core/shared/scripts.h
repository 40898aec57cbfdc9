/* The Lua scripts that run in Redis (scripts.def). A server gets a script's text once, and then runs it by
 * its digest. */
#ifndef IC_SHARED_SCRIPTS_H
#define IC_SHARED_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ic_script_id {
#define SCRIPT(constant, keys, text) IC_SCRIPT_##constant,
#include "core/shared/scripts.def"
#undef SCRIPT
    IC_SCRIPT_COUNT
} ic_script_id;

typedef struct ic_script {
    const char *text; /* borrowed */
    size_t length;
    size_t keys; /* how many keys come before its arguments */
} ic_script;

/* One of scripts.def. */
ic_script ic_script_of(ic_script_id id);

#define IC_SHA1_HEX 41 /* 40 digits and a NUL */

/* The SHA-1 of a script's text in lower-case hex, by which EVALSHA names it. False when out of memory. */
bool ic_script_digest(const ic_script *script, char hex[IC_SHA1_HEX]);

#endif
