/* Publishing versions of contracts, and reading them from a request. */
#ifndef IC_SANDBOX_CLICKWRAP_VERSIONS_H
#define IC_SANDBOX_CLICKWRAP_VERSIONS_H

#include "sandbox/clickwrap/clickwrap.h"
#include "sandbox/http/exchange.h"

/* Publishes a draft: what was published before is deprecated. false: no memory, and nothing is changed. */
bool ic_cw_publish(ic_company *company, cJSON *contract, cJSON *version);
/* Checks what the catalog does not say of the fields of a version. false: answered with 400. */
bool ic_cw_version_check(ic_exchange *x);
/* In a new version or a copy: sets what the body gives. */
void ic_cw_version_fill(ic_exchange *x, cJSON *version);

#endif
