/* Guesses properties of a contract from its file, in place of Ironclad's AI. */
#ifndef IC_SANDBOX_PREDICT_H
#define IC_SANDBOX_PREDICT_H

#include "sandbox/base/blob.h"
#include <cjson/cJSON.h>

/* Properties of a record, {key: {type, value}}, from the file's name and text: those of counterparty, dates
 * and value that the record schema has. NULL: the file is not a PDF, or there is no memory. */
cJSON *ic_predict(const cJSON *schema, const char *filename, const ic_blob *file);

#endif
