/* The parameters of the Activity API: from the query, a JSON body or an urlencoded form, under short or long
 * names. */
#ifndef IC_SANDBOX_CLICKWRAP_PARAMS_H
#define IC_SANDBOX_CLICKWRAP_PARAMS_H

#include "sandbox/clickwrap/clickwrap.h"
#include "sandbox/http/exchange.h"

/* One object under the short names; `cus` and `rnd` are objects in it. It becomes x->body, which owns it.
 * false: answered with 400. */
bool ic_cw_params_read(ic_exchange *x);
/* A parameter as text; a number is written to `text`. NULL: not given, or empty. */
const char *ic_cw_param(const ic_exchange *x, const char *name, char *text, size_t size);
bool ic_cw_param_true(const ic_exchange *x, const char *name);
/* The site of `sid`; NULL: answered with 400. */
cJSON *ic_cw_param_site(ic_exchange *x);
/* The contracts that gkey, gid or cid (a comma list) name, as an array of references, free with cJSON_Delete;
 * all of the site without any of them, if `all`. NULL: answered with an error. */
cJSON *ic_cw_param_contracts(ic_exchange *x, bool all);
/* The group of gkey or gid. NULL: answered with 404 if one of them was given. */
cJSON *ic_cw_param_group(ic_exchange *x);

#endif
