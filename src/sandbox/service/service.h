/* Connects the folders to the server and the company. */
#ifndef IC_SANDBOX_SERVICE_H
#define IC_SANDBOX_SERVICE_H

#include "sandbox/http/exchange.h"

/* Answers a request to the API, its pages, or the controls. */
void ic_service_answer(ic_exchange *x);
/* Answers a request to the origin of the signed links. */
void ic_service_answer_storage(ic_exchange *x);
/* Answers a request to Clickwrap's APIs. */
void ic_service_answer_clickwrap(ic_exchange *x);

/* For ic_company_new. */
extern ic_company_end *const ic_service_ends[];

#endif
