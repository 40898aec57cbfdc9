/* Building JSON trees whose failures are noticed once, at the end. */
#ifndef IC_SANDBOX_BUILD_H
#define IC_SANDBOX_BUILD_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* object[name] = item, which it takes over. A failure (no memory, here or when `item` was made) spoils the
 * object: it prints no more, nor does what holds it, so that only the end needs a check. Answers `item`, NULL
 * after a failure. */
cJSON *ic_put(cJSON *object, const char *name, cJSON *item);
/* The same for a value of its own; `name` is static, and not copied: most of what views are made of. */
cJSON *ic_put_text(cJSON *object, const char *name, const char *text);
cJSON *ic_put_number(cJSON *object, const char *name, double number);
cJSON *ic_put_bool(cJSON *object, const char *name, int value);
/* The same for the end of an array. */
cJSON *ic_append(cJSON *array, cJSON *item);
/* Whether nothing has spoiled the tree or a part of it; for trees that are not printed. */
bool ic_whole(const cJSON *tree);
/* object[name] = item in the place of what was there; takes it over. false: no memory (or item is NULL), and
 * the object is as before. */
bool ic_set(cJSON *object, const char *name, cJSON *item);

#endif
