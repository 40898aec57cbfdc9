/* OAuth 2.0 grants at Ironclad's token endpoint: requests built and answers read, without sockets. Ironclad's
 * OpenAPI document oauth-token; RFC 6749. */
#ifndef IC_GRANT_H
#define IC_GRANT_H

#include "core/auth/store.h"
#include "core/http/connection.h"
#include "core/http/request.h"

typedef enum ic_grant {
    IC_GRANT_CLIENT_CREDENTIALS, /* may be asked for again: spends nothing */
    IC_GRANT_REFRESH,            /* spends the refresh token */
    IC_GRANT_CODE                /* spends the authorization code */
} ic_grant;

/* The request of a grant. `secret` is the refresh token or the code (NULL with client credentials),
 * `redirect_uri` goes with a code. False with MEMORY. */
bool ic_grant_request(const ic_connection *connection, ic_grant grant, const char *secret,
                      const char *redirect_uri, ic_request *request, ic_error *error);
/* Reads the answer. The token is empty before; `seconds` is for how long it may be used. False with PROTOCOL
 * or MEMORY; a refresh token that came all the same is then in `token` and to be kept, because the one before
 * it is spent. */
bool ic_grant_read(const cJSON *tree, ic_token *token, double *seconds, ic_error *error);

#endif
