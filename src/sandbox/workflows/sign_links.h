/* Links with which a person signs or views a packet in a browser. */
#ifndef IC_SANDBOX_SIGN_LINKS_H
#define IC_SANDBOX_SIGN_LINKS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

#define IC_SIGN_PATH      "/sign"
#define IC_SIGN_LINKS_MAX 10000 /* beyond it the oldest are removed */

typedef struct ic_sign_link {
    ic_uuid recipient, session; /* the link's r and s */
    ic_workflow *workflow;
    char *role;           /* of the signer; NULL: a viewer's */
    char *frame_ancestor; /* the origin that may show it in a frame; NULL: none */
    bool once, used;      /* once: it opens only one time */
} ic_sign_link;

/* A new link in the company. Copies `role` and `frame_ancestor`. NULL: no memory. */
const ic_sign_link *ic_sign_link_new(ic_company *company, ic_workflow *workflow, const char *role,
                                     const char *frame_ancestor, bool once);
void ic_sign_links_free(ic_company *company);

/* The page and its form (sign_page.c). */
void ic_sign_page_show(ic_exchange *x);
void ic_sign_page_decide(ic_exchange *x);

#endif
