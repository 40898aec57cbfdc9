/* The strict pass over JSON text that goes before cJSON. */
#ifndef IC_JSON_SCAN_H
#define IC_JSON_SCAN_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* Checks *length bytes at *text by the rules of ic_json_parse (json.h). True: *text and *length are what
 * cJSON shall read, a part of the given text or, where something had to be rewritten, the bytes of `copy`,
 * which must be empty before and is freed by the caller in any case. False: PROTOCOL, TOO_LARGE or MEMORY in
 * `error`. Numbers are read by the thread's locale, which must be "C". */
bool ic_json_scan(const char **text, size_t *length, ic_buf *copy, ic_error *error);

#endif
