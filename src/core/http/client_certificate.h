/* The client certificate of a connection (mutual TLS). libcurl reads the files for each new TCP connection,
 * and its messages do not say which of them is wrong. */
#ifndef IC_CLIENT_CERTIFICATE_H
#define IC_CLIENT_CERTIFICATE_H

#include "core/base/buf.h"
#include <stdbool.h>

/* Says what is wrong with the PEM files, after reading them again: "…/key.pem: the key is not that of the
 * certificate". `key` NULL: the key is in the file of the certificate; `password` NULL: none. False: nothing
 * is wrong, and nothing is added. */
bool ic_client_certificate_objection(const char *certificate, const char *key, const char *password,
                                     ic_buf *text);
/* Whether the message of a failed transfer says that the server wants a client certificate, or refuses the
 * one that it got: then the handshake failed at the server's side, and the request was not read. */
bool ic_client_certificate_is_refused(const char *message);

#endif
