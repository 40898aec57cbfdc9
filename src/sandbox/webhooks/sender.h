/* The thread that posts deliveries, with libcurl: HTTP/1.1, up to IC_SENDER_TRANSFERS at once, certificates
 * verified, no proxy, no redirects, 10 seconds for each. An answer's body is not read beyond 64 KiB. */
#ifndef IC_SANDBOX_SENDER_H
#define IC_SANDBOX_SENDER_H

#include "sandbox/webhooks/outbox.h"

#define IC_SENDER_TRANSFERS 32

typedef struct ic_sender ic_sender;

/* Starts it. NULL: the system refused. */
ic_sender *ic_sender_start(ic_company *company);
/* Makes it look for deliveries that are due. From any thread. */
void ic_sender_wake(ic_sender *sender);
/* Ends transfers, joins the thread and frees the sender. The caller does not hold the sandbox's lock. */
void ic_sender_stop(ic_sender *sender);
/* Whether a URL's host is this machine, judged by its text. */
bool ic_target_is_local(const char *url);

#endif
