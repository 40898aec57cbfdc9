/* Files behind signed links, as Ironclad keeps them with another company: at an origin of their own, which
 * knows no bearer tokens and refuses to be sent one. A link needs no memory: it is its own proof. */
#ifndef IC_SANDBOX_STORAGE_H
#define IC_SANDBOX_STORAGE_H

#include "sandbox/http/exchange.h"

/* Seconds for which a link is good. */
#define IC_LINK_SECONDS 1200

/* A file that a link leads to. */
typedef struct ic_stored_file {
    ic_blob *bytes;                    /* NULL: there is none (any more) */
    const char *filename, *media_type; /* media_type: static; NULL: none is said */
} ic_stored_file;

/* Files of one kind, found by the two names of their link. */
typedef struct ic_storage_kind {
    const char *name; /* NULL ends a list */
    ic_stored_file (*find)(const ic_company *company, const char *name, const char *part);
} ic_storage_kind;

/* The URL of a file: the name of its kind, and two names by which that kind finds it. Good until `expires`;
 * free it with ic_free. NULL: no memory. */
char *ic_storage_link(const ic_company *company, const char *kind, const char *name, const char *part,
                      ic_time expires);
/* Answers a request that has come to the storage. */
void ic_storage_answer(ic_exchange *x, const ic_storage_kind *kinds);

#endif
