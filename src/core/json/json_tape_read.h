/* Reads a JSON text into a tape. */
#ifndef IC_JSON_TAPE_READ_H
#define IC_JSON_TAPE_READ_H

#include "core/json/json_tape.h"

/* Reads `length` bytes (no NUL needed) into an empty tape, by the rules of ic_json_parse (json.h); the text
 * must outlive the tape. False: PROTOCOL ("… at byte N"), TOO_LARGE or MEMORY in `error`. The tape must be
 * freed in both cases. */
bool ic_tape_read(ic_tape *tape, const char *text, size_t length, ic_error *error);
/* The same for a buffer. On success the tape takes over its bytes. */
bool ic_tape_take(ic_tape *tape, ic_buf *text, ic_error *error);

#endif
