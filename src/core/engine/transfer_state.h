/* What transfer.c keeps of one attempt, for it and transfer_failure.c alone. */
#ifndef IC_TRANSFER_STATE_H
#define IC_TRANSFER_STATE_H

#include "core/engine/client.h"
#include "core/engine/output.h"
#include "core/http/setup.h"

#define IC_TRANSFER_HEADER_LIMIT (256 * 1024) /* the most bytes in the header of one answer */

typedef struct ic_transfer {
    /* Idle: it is in the list of its client, and in that of all, from the newest to the oldest. */
    ic_client *client; /* NULL: the transfer is never kept */
    struct ic_transfer *next_idle, *newer, *older;
    ic_call *call;
    ic_kept_sockets *kept_sockets; /* the engine's */
    ic_setup setup;                /* its easy handle is owned here */
    bool added;                    /* to the multi handle */
    bool alone;                    /* attempts that began before it are on other TCP connections */
    ic_output_state output;
    double began;         /* ic_now's seconds */
    bool deadline_limits; /* setup.timeout is the time until the deadline, not the option timeout */
    int sendings, header_blocks;
    bool header_whole; /* the empty line after the latest header has come */
    bool ended_well;   /* the handle can be used again */
    bool found_closed; /* the server had closed the kept connection, and nothing was sent */
    bool second_refused, headers_too_large, header_truncated;
    char message[CURL_ERROR_SIZE];
} ic_transfer;

#endif
