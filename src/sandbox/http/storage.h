/* Files behind signed links, as Ironclad keeps them with another company: at an origin of their own, which
 * knows no bearer tokens and refuses to be sent one. A link needs no memory: it is its own proof. */
#ifndef IC_SANDBOX_STORAGE_H
#define IC_SANDBOX_STORAGE_H

#include "sandbox/http/exchange.h"

/* Seconds for which a link is good. */
#define IC_LINK_SECONDS 1200

/* The URL of a file: `kind` is one that storage.c knows, the two names find it there. Good until `expires`;
 * free it with ic_free. NULL: no memory. */
char *ic_storage_link(const ic_company *company, const char *kind, const char *name, const char *part,
                      ic_time expires);
/* Answers a request that has come to the storage. */
void ic_storage_answer(ic_exchange *x);

#endif
