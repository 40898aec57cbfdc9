/* Writes the body of an answer to its destination: memory, a file, or a sink written in Lua. Only the body
 * of a 2xx goes to a file or sink; other bodies stay in memory, for the error. For a download, an HTML
 * page, a partial answer, an answer without a body and a compressed one are refused. Small JSON is held
 * back until all of it has come, because it may be an error or a link instead of the file. */
#ifndef IC_OUTPUT_H
#define IC_OUTPUT_H

#include "core/base/new_file.h"
#include "core/engine/call.h"

typedef struct ic_output_state {
    ic_buf body;
    ic_new_file *file;     /* owned; NULL: none is open */
    ic_error_kind failure; /* why writing stopped: TOO_LARGE, IO, MEMORY, PROTOCOL; IC_OK: it did not */
    ic_error cause;        /* the message of IO */
    const char *refusal;   /* static; of PROTOCOL: why the answer is not the file */
    bool begun, diverted;  /* diverted: to the file or sink */
    bool held;             /* the bytes for the file or sink are in `body` */
    bool sink_touched;
} ic_output_state;

typedef enum ic_taken { IC_TAKEN, IC_TAKEN_LATER, IC_TAKEN_NEVER } ic_taken;

/* LATER: the sink is full, and the same bytes must be offered again when it has taken some. NEVER: see
 * failure. */
ic_taken ic_output_write(ic_output_state *output, ic_call *call, long status, const char *bytes,
                         size_t length);
/* After the last byte of a 2xx: the body, when it is JSON that may be an error, or something other than the
 * file; otherwise NULL. */
const ic_buf *ic_output_unclassified(const ic_output_state *output, const ic_call *call);
/* After the last byte of a 2xx: writes the bytes that are held back, and gives the file its final name once
 * it is on the disk. A body of no bytes makes an empty file. False with IO or PROTOCOL. */
bool ic_output_complete(ic_output_state *output, ic_call *call, ic_error *error);
/* Sets the error that belongs to `failure`. */
void ic_output_explain(const ic_output_state *output, const ic_call *call, ic_error *error);
/* Removes a file that is not complete. */
void ic_output_free(ic_output_state *output);

#endif
