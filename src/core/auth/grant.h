/* OAuth 2.0 grants at Ironclad's token endpoint: builds requests and reads answers. Pure. Source: Ironclad's
 * OpenAPI document oauth-token; RFC 6749. */
#ifndef IC_GRANT_H
#define IC_GRANT_H

#include "core/auth/token.h"
#include "core/http/connection.h"
#include "core/http/request.h"

typedef enum ic_grant {
    IC_GRANT_CLIENT_CREDENTIALS, /* may be repeated: spends nothing */
    IC_GRANT_REFRESH,            /* spends the refresh token */
    IC_GRANT_CODE                /* spends the authorization code */
} ic_grant;

/* Builds the request of a grant. `secret` is the refresh token or the code (NULL with client credentials),
 * `redirect_uri` goes with a code. `request` is zeroed before and freed after, even after false (MEMORY). */
bool ic_grant_request(const ic_connection *connection, ic_grant grant, const char *secret,
                      const char *redirect_uri, ic_request *request, ic_error *error);
/* Reads the answer into an empty token. `seconds` receives the lifetime of the access token. False with
 * PROTOCOL or MEMORY. Even then, `token` may hold a new refresh token. It must be kept, because the old
 * one is no longer valid. */
bool ic_grant_read(const cJSON *tree, ic_token *token, double *seconds, ic_error *error);

#endif
