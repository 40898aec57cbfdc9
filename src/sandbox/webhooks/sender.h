/* The thread that posts deliveries, with libcurl: HTTP/1.1, up to IC_SENDER_TRANSFERS at once, certificates
 * verified, no proxy, no redirects, 10 seconds for each. An answer's body is not read beyond 64 KiB. */
#ifndef IC_SANDBOX_SENDER_H
#define IC_SANDBOX_SENDER_H

#include "sandbox/company/company.h"

#define IC_SENDER_TRANSFERS 32

typedef struct ic_sender ic_sender;

/* The sender of a company with an outbox (outbox.h). Its thread starts with the first delivery. NULL: no
 * memory. */
ic_sender *ic_sender_new(ic_company *company);
/* Ends transfers, joins the thread and frees the sender, which may be NULL. The caller does not hold the
 * sandbox's lock. */
void ic_sender_free(ic_sender *sender);

#endif
