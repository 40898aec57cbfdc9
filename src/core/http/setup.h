/* Setting up libcurl for one attempt. */
#ifndef IC_SETUP_H
#define IC_SETUP_H

#include "core/engine/output.h"
#include "core/engine/transfer.h"
#include <sys/stat.h>

/* Feeds a file to libcurl, which may rewind it. */
typedef struct ic_reader {
    struct ic_transfer *transfer;
    const ic_part *part;
    int file;           /* -1: the part holds the data */
    struct stat opened; /* the file as it was then */
    size_t size, at;
} ic_reader;

typedef struct ic_transfer {
    ic_call *call;
    CURL *easy;
    bool added; /* to the multi handle */
    struct curl_slist *headers;
    curl_mime *mime;
    ic_reader *readers; /* one for each part */
    ic_output_state output;
    int sendings, heads;
    bool second_refused, too_many_heads;
    bool header_complete; /* the empty line behind the last header has come */
    const char *changed;  /* the file that was written to while it was sent, or NULL */
    char message[CURL_ERROR_SIZE];
} ic_transfer;

/* Everything but the callbacks. False with IO or MEMORY in the call's error. */
bool ic_setup(ic_transfer *transfer, const char *bearer, double now);

#endif
