/* Checks that a text is UTF-8, as every text in JSON must be. */
#ifndef IC_JSON_TEXT_H
#define IC_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are valid UTF-8 without NUL; otherwise *bad is the first offending offset. */
bool ic_utf8_valid(const char *bytes, size_t length, size_t *bad);

#endif
