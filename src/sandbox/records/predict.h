/* What a contract's file tells of it: the sandbox's stand-in for Ironclad's AI. */
#ifndef IC_SANDBOX_PREDICT_H
#define IC_SANDBOX_PREDICT_H

#include "sandbox/world/blob.h"
#include <cjson/cJSON.h>

/* Properties of a record, {key: {type, value}}, that its file's name and text suggest, among those of the
 * record schema: who it is with, when it begins and ends, what it is worth. NULL: the file is no PDF, or
 * there is no memory. */
cJSON *ic_predict(const cJSON *schema, const char *filename, const ic_blob *file);

#endif
