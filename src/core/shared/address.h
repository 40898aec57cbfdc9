/* The address of the shared Redis, as the option `shared` gives it:
 *
 *   redis://[[user]:password@]host[:port][/database]
 *   rediss://…                                              the same, over TLS
 *   unix://[[user]:password@]/path/of/socket[?db=database]
 *
 * User and password may be percent-encoded (RFC 3986, 2.1). The schemes are those that Redis's own clients
 * use. */
#ifndef IC_SHARED_ADDRESS_H
#define IC_SHARED_ADDRESS_H

#include "core/base/error.h"
#include <stdbool.h>

typedef struct ic_shared_address {
    char *host;            /* owned; without the brackets of an IPv6 address; NULL: a unix socket */
    int port;              /* 1 to 65535; of `host` */
    char *path;            /* owned; of the unix socket; NULL: a host */
    char *user, *password; /* owned; NULL: none */
    int database;          /* 0 when none is given */
    bool tls;
    /* Owned; with `tls`; not part of the text: whose certificates are trusted, and the client's certificate
     * and key. */
    char *ca_file, *ca_path, *client_cert, *client_key;
    char *name; /* owned; the address without user and password, for messages */
} ic_shared_address;

/* Reads an address into an empty struct. False with ARGUMENT, or MEMORY; no message shows the password. */
bool ic_shared_address_parse(const char *text, ic_shared_address *address, ic_error *error);
void ic_shared_address_clear(ic_shared_address *address);

#endif
