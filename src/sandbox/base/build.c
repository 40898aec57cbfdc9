#include "sandbox/base/build.h"

static cJSON *build_taken(cJSON *parent, bool done, cJSON *item) {
    if (done) return item;
    cJSON_Delete(item);
    if (parent) parent->type = cJSON_Invalid; /* cJSON does not print it, but frees it with its members */
    return NULL;
}

cJSON *ic_put(cJSON *object, const char *name, cJSON *item) {
    return build_taken(object, object && item && cJSON_AddItemToObject(object, name, item), item);
}

static cJSON *build_put_static(cJSON *object, const char *name, cJSON *item) {
    return build_taken(object, object && item && cJSON_AddItemToObjectCS(object, name, item), item);
}

cJSON *ic_put_text(cJSON *object, const char *name, const char *text) {
    return build_put_static(object, name, cJSON_CreateString(text));
}

cJSON *ic_put_number(cJSON *object, const char *name, double number) {
    return build_put_static(object, name, cJSON_CreateNumber(number));
}

cJSON *ic_put_bool(cJSON *object, const char *name, int value) {
    return build_put_static(object, name, cJSON_CreateBool(value));
}

cJSON *ic_append(cJSON *array, cJSON *item) {
    return build_taken(array, array && item && cJSON_AddItemToArray(array, item), item);
}

bool ic_whole(const cJSON *tree) {
    if (!tree || cJSON_IsInvalid(tree)) return false;
    for (const cJSON *part = tree->child; part; part = part->next)
        if (!ic_whole(part)) return false;
    return true;
}

bool ic_set(cJSON *object, const char *name, cJSON *item) {
    if (item && cJSON_AddItemToObject(object, name, item)) {
        /* `name` may have been the item's own, which is freed by now. */
        cJSON *first = cJSON_GetObjectItemCaseSensitive(object, item->string);
        if (first != item) cJSON_Delete(cJSON_DetachItemViaPointer(object, first));
        return true;
    }
    cJSON_Delete(item);
    return false;
}
