/* Setting up libcurl for one attempt: an easy handle with everything but the callbacks that take the answer.
 */
#ifndef IC_SETUP_H
#define IC_SETUP_H

#include "core/http/connection.h"
#include "core/http/request.h"
#include <curl/curl.h>
#include <sys/stat.h>

struct ic_setup;

/* Feeds one part of a form to libcurl, which may rewind it. */
typedef struct ic_reader {
    struct ic_setup *setup;
    const ic_part *part;
    int file;           /* -1: the part holds the data */
    struct stat opened; /* the file as it was then */
    size_t size, at;    /* bytes */
} ic_reader;

typedef struct ic_setup {
    /* Given by the caller; borrowed until ic_setup_clear. */
    CURL *easy;
    const ic_connection *connection;
    const ic_request *request;
    const char *bearer; /* NULL: none */
    const char *actor;  /* the user to act as: an e-mail address or an id; NULL: none */
    const char *url;    /* used during ic_setup_easy only */
    bool foreign;    /* another host than the connection's: not told bearer, actor and the caller's headers */
    bool moves_file; /* by HTTP/1.1, uncompressed, with a limit on stalling */
    bool new_connection; /* no kept connection is used */
    double timeout;      /* seconds for the whole attempt; 0: none */
    ic_error *error;     /* IO of a file to send */
    /* The setup's own. */
    struct curl_slist *headers;
    curl_mime *mime;
    ic_reader *readers;  /* one for each part of the request */
    const char *changed; /* the file that was written to while it was sent, or NULL */
} ic_setup;

/* False with IO in the error, or with none: no memory, or a libcurl built without an option. The handle may
 * only be used while `setup` stays where it is. */
bool ic_setup_easy(ic_setup *setup);
/* Frees what is the setup's own, after the handle has been cleaned up. */
void ic_setup_clear(ic_setup *setup);

#endif
