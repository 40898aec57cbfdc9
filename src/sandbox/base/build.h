/* Builds JSON trees. A failure needs to be checked only once, at the end. */
#ifndef IC_SANDBOX_BUILD_H
#define IC_SANDBOX_BUILD_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* object[name] = item. Takes ownership of `item`. A failure (no memory, here or when `item` was made) spoils
 * the object: neither it nor a tree that contains it can be printed, so only printing needs a check. Returns
 * `item`; NULL after a failure. */
cJSON *ic_put(cJSON *object, const char *name, cJSON *item);
/* The same for a plain value. `name` is static and not copied. */
cJSON *ic_put_text(cJSON *object, const char *name, const char *text);
cJSON *ic_put_number(cJSON *object, const char *name, double number);
cJSON *ic_put_bool(cJSON *object, const char *name, int value);
/* The same at the end of an array. */
cJSON *ic_append(cJSON *array, cJSON *item);
/* Whether no part of the tree is spoiled, for trees that are not printed. */
bool ic_whole(const cJSON *tree);
/* object[name] = item, replacing what was there. Takes ownership of `item`. false: no memory (or item is
 * NULL), and the object is unchanged. */
bool ic_set(cJSON *object, const char *name, cJSON *item);

#endif
