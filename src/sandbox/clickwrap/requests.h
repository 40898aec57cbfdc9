/* Signature requests: what happens to them outside the REST API. */
#ifndef IC_SANDBOX_CLICKWRAP_REQUESTS_H
#define IC_SANDBOX_CLICKWRAP_REQUESTS_H

#include "sandbox/clickwrap/clickwrap.h"

/* Why a signer cannot sign a request; NULL: this one can. Static. */
const char *ic_cw_request_objection(const cJSON *request, const char *signer);
/* A signer signs: accepts the published versions of the request's contracts. There must be no objection.
 * false: no memory, and nothing is changed. */
bool ic_cw_request_sign(ic_company *company, cJSON *request, const char *signer);
/* Ends the requests that have been sent and whose time is over. */
void ic_cw_requests_settle(ic_company *company);

#endif
