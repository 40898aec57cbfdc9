/* Where the body of an answer goes: memory, a file, or a sink written in Lua. Only the body of a 2xx goes to
 * a file or sink; others stay in memory, for the error. Of what was to be a file, a page for people, a part
 * and an answer without a body are refused, and JSON that is not large is held until it is all there and has
 * been looked at. */
#ifndef IC_OUTPUT_H
#define IC_OUTPUT_H

#include "core/engine/call.h"

typedef struct ic_output_state {
    ic_buf body;
    char *final;           /* the wanted file, links followed */
    char *temporary;       /* the file beside the wanted one, while it is not whole */
    int file;              /* -1: none */
    int mode;              /* the permissions of the file that is replaced; -1: there is none */
    ic_error_kind failure; /* why writing stopped: TOO_LARGE, IO, MEMORY, PROTOCOL; IC_OK: it did not */
    int cause;             /* errno of IO */
    const char *refusal;   /* of PROTOCOL: why it is not the file; static */
    bool begun, diverted;  /* diverted: to file or sink */
    bool held;             /* what is to be diverted is in `body` */
    bool sink_touched;
} ic_output_state;

typedef enum ic_taken { IC_TAKEN, IC_TAKEN_LATER, IC_TAKEN_NEVER } ic_taken;

/* LATER: the sink is full; the same bytes are to be offered again after it has taken what it has. */
ic_taken ic_output_write(ic_output_state *output, ic_call *call, long status, const char *bytes,
                         size_t length);
/* What has come, when it is JSON that may be something else than the file, else NULL; after the last byte of
 * a 2xx. */
const ic_buf *ic_output_unclassified(const ic_output_state *output, const ic_call *call);
/* After the last byte of a 2xx: what is held goes where it belongs; gives the file its name (an empty one is
 * made when no byte came). False with IO. */
bool ic_output_complete(ic_output_state *output, ic_call *call, ic_error *error);
/* The message for `failure`. */
void ic_output_explain(const ic_output_state *output, const ic_call *call, ic_error *error);
/* Removes an incomplete file. */
void ic_output_free(ic_output_state *output);

#endif
