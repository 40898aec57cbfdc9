/* Files behind signed links. Like Ironclad's, they are served by another origin, which refuses bearer tokens.
 * Links are not stored: the signature shows that a link is genuine. */
#ifndef IC_SANDBOX_STORAGE_H
#define IC_SANDBOX_STORAGE_H

#include "sandbox/http/exchange.h"

/* Seconds for which a link is valid. */
#define IC_LINK_SECONDS 1200

/* A file behind a link. */
typedef struct ic_stored_file {
    ic_blob *bytes;                    /* NULL: not found, or deleted */
    const char *filename, *media_type; /* media_type: static; NULL: no Content-Type */
} ic_stored_file;

/* One kind of files; they are found by the two names in their link. */
typedef struct ic_storage_kind {
    const char *name; /* NULL ends a list */
    ic_stored_file (*find)(const ic_company *company, const char *name, const char *part);
} ic_storage_kind;

/* The URL of a file: its kind, and the two names by which that kind finds it. Valid until `expires`. Free it
 * with ic_free. NULL: no memory. */
char *ic_storage_link(const ic_company *company, const char *kind, const char *name, const char *part,
                      ic_time expires);
/* Answers a request to that origin. */
void ic_storage_answer(ic_exchange *x, const ic_storage_kind *kinds);

#endif
