/* Sets up a libcurl easy handle for one attempt, except for the callbacks that receive the answer. */
#ifndef IC_SETUP_H
#define IC_SETUP_H

#include "core/base/buf.h"
#include "core/http/certificate.h"
#include "core/http/connection.h"
#include "core/http/request.h"
#include <curl/curl.h>
#include <sys/stat.h>

struct ic_setup;

/* Gives one part of a form to libcurl, which may rewind it. */
typedef struct ic_reader {
    struct ic_setup *setup;
    const ic_part *part;
    int file;           /* -1: the part holds the data */
    struct stat opened; /* the file's state when it was opened */
    size_t size, at;    /* bytes */
} ic_reader;

typedef struct ic_setup {
    /* Given by the caller; all but `url` are borrowed until ic_setup_clear. */
    CURL *easy;
    const ic_connection *connection;
    const ic_request *request;
    const char *bearer;     /* NULL: none */
    const char *actor;      /* the user to act as: an e-mail address or an id; NULL: none */
    const char *attempt_id; /* sent as X-Request-Id, unless the caller gives one; NULL: none is sent */
    const char *url;        /* borrowed by ic_setup_easy only: libcurl copies it */
    bool foreign;    /* another host than the connection's: gets no bearer, actor or headers of the caller */
    bool moves_file; /* use HTTP/1.1, no compression, and a limit on stalling instead of on time */
    bool new_connection;   /* open a new TCP connection: do not use a kept one */
    bool resolve_anew;     /* do not use the host's address that libcurl keeps for a minute */
    bool unshared;         /* use HTTP/1.1, where no other request is on the same TCP connection */
    CURLSH *unshared_pool; /* the TLS connections that speak HTTP/1.1 */
    double timeout;        /* seconds for the whole attempt; 0: none */
    ic_error *error;       /* receives IO, when a file to send cannot be read */
    /* Filled in by ic_setup_easy and while the handle is used. */
    bool proxied;  /* the request goes through the connection's proxy */
    bool shares;   /* over HTTP/2, if the server has it: other requests may be on the same TCP connection */
    ic_host host;  /* of the request */
    int opened;    /* the socket that was opened last for a new connection; -1: none */
    int no_socket; /* the errno with which a socket could not be opened; 0: none failed */
    bool said_end; /* the server has said that it sends nothing more (TLS's close_notify) */
    /* Owned by the setup. */
    ic_buf presented; /* the latest Certificate message of a handshake; it is read when the handshake fails */
    struct curl_slist *headers;
    curl_mime *mime;
    ic_reader *readers;  /* one for each part of the request */
    const char *changed; /* the file that changed while it was sent; borrowed from the request; NULL: none */
} ic_setup;

/* Sets all options of `easy`. ic_process_prepare must have been called: it initialises libcurl. False: with
 * IO in the error; without an error when out of memory or when libcurl lacks an option. `easy` keeps pointers
 * to `setup`, which must not move before curl_easy_cleanup(easy). */
bool ic_setup_easy(ic_setup *setup);
/* Whether the handle can be used again: the setup is for a read that sends only what every read of the
 * connection sends. */
bool ic_setup_is_plain(const ic_setup *setup);
/* Whether the handle of a plain setup that is not under way, and whose request and bearer may be gone, can be
 * used for a plain `wanted`: for the same connection, bearer, actor, host and version of HTTP. NEVER: its
 * bearer is not that of the connection any more. */
typedef enum ic_fit { IC_FIT, IC_FIT_NOT, IC_FIT_NEVER } ic_fit;
ic_fit ic_setup_fits(const ic_setup *setup, const ic_setup *wanted);
/* Makes a setup that fits be for `wanted`, with the handle and the header fields that it has. False: as
 * ic_setup_easy. */
bool ic_setup_again(ic_setup *setup, const ic_setup *wanted);
/* While the handle is used: lets the whole attempt take so many seconds at least. */
void ic_setup_allow(ic_setup *setup, double seconds);
/* Whether an answer that goes on until the connection ends may lack its end: over TLS the server says when it
 * has sent everything (RFC 8446, 6.1), and otherwise someone may have cut the connection. libcurl does not
 * notice. False where that is not known: for what is no file, and with a TLS library that does not show it.
 */
bool ic_setup_may_lack_end(const ic_setup *setup);
/* What is wrong at `now` (Unix time) with the dates of the certificates that were presented. */
ic_certificate ic_setup_certificate(const ic_setup *setup, double now);
/* The file of the client certificate that the server is shown if it asks for one; NULL: none. */
const char *ic_setup_shown_certificate(const ic_setup *setup);
/* Frees what the setup owns. Call curl_easy_cleanup(setup->easy) first: `easy` uses it until then. */
void ic_setup_clear(ic_setup *setup);

#endif
