/* Builds the request that is sent from an operation and its arguments. Pure functions without sockets. */
#ifndef IC_REQUEST_BUILD_H
#define IC_REQUEST_BUILD_H

#include "core/http/arguments.h"
#include "core/http/request.h"

/* Checks the arguments against the catalog and builds the request. False with ARGUMENT (the message names the
 * argument, what was expected and the nearest right name) or MEMORY. The request must be zeroed before, and
 * freed afterwards in either case. */
bool ic_request_build(const ic_operation *operation, ic_arguments *arguments, ic_request *request,
                      ic_error *error);
/* The same for a request that is not in the catalog. `path` begins with "/", may hold a query, and is sent
 * unchanged. GET, PUT and DELETE count as repeatable, unless the catalog knows the path and says otherwise.
 * The answer is read as JSON or as bytes, by its Content-Type. */
bool ic_request_raw(ic_product product, ic_method method, const char *path, ic_arguments *arguments,
                    ic_request *request, ic_error *error);
/* A download from any URL, such as a signed link. It is sent without bearer and actor. False with MEMORY, or
 * with ARGUMENT when ic_url_objection refuses the URL. */
bool ic_request_download(const char *url, bool allow_http, ic_request *request, ic_error *error);
/* A POST of JSON to any URL, without bearer and actor, and with these headers only (name -> text; NULL:
 * none). False as for a download. */
bool ic_request_forward(const char *url, bool allow_http, const cJSON *headers, const char *body,
                        ic_request *request, ic_error *error);
/* For a call that sends nothing and only sleeps, and for one to the shared Redis. */
void ic_request_pause(ic_request *request);
void ic_request_shared(ic_request *request);

#endif
