#include "callback.h"
#include "../core/alloc.h"
#include "../core/clock.h"
#include "html.h"
#include "server.h"
#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECTION_MEMORY  (64 * 1024) /* for a request with its headers: cookies of other local servers come along */
#define CONNECTION_SECONDS 20          /* idle */
#define CONNECTIONS_MAX    32
#define MOMENT             100 /* milliseconds: a signal that comes just before the waiting is noticed after this */
#define FAREWELL           2.0 /* seconds for an answer to go out */
#define PORT_TRIES         16  /* for one that is free at both addresses */

/* A request from its first line to its end. */
typedef struct visit {
    struct MHD_Connection *connection;
    char *target; /* NULL: too long */
    bool begun;
} visit;

struct ic_callback {
    pid_t owner;
    int port;
    char *path;
    double ends;                   /* ic_now */
    struct MHD_Daemon *daemons[2]; /* one for each address */
    visit *held;                   /* whose browser waits; its connection is suspended until there is an answer */
    bool told;                     /* the caller knows of it */
    unsigned status;               /* of the answer; 0: none yet */
    ic_buf page;
};

/* --- answers --- */

static struct MHD_Response *page_of(const char *title, const char *text) {
    ic_buf page = {0};
    ic_html_begin(&page, title);
    ic_buf_puts(&page, "<p>");
    ic_html_text(&page, text);
    ic_buf_puts(&page, "</p>\n");
    size_t length;
    char *bytes = ic_buf_take(&page, &length);
    ic_buf_free(&page);
    struct MHD_Response *response =
        bytes ? MHD_create_response_from_buffer_with_free_callback(length, bytes, ic_free) : NULL;
    if (response) {
        ic_html_headers(response);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    } else {
        ic_free(bytes);
    }
    return response;
}

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response) {
    if (!response) return MHD_NO;
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}
