/* Links by which a person comes to sign a packet, or to look at it, in a browser. */
#ifndef IC_SANDBOX_SIGN_LINKS_H
#define IC_SANDBOX_SIGN_LINKS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/signing.h"

#define IC_SIGN_PATH      "/sign"
#define IC_SIGN_LINKS_MAX 10000 /* the oldest are forgotten beyond */

typedef struct ic_sign_link {
    ic_uuid recipient, session; /* the link's r and s */
    ic_workflow *workflow;
    char *role;           /* of the signer; NULL: a viewer's */
    char *frame_ancestor; /* whose pages may hold it in a frame; NULL: nobody's */
    bool once, used;      /* once: it opens one time */
} ic_sign_link;

/* Copies `role` and `frame_ancestor`. NULL: no memory. The company's. */
const ic_sign_link *ic_sign_link_new(ic_company *company, ic_workflow *workflow, const char *role,
                                     const char *frame_ancestor, bool once);
void ic_sign_links_free(ic_company *company);

/* The page, and the answer to its form (sign_page.c). */
void ic_sign_page_show(ic_exchange *x);
void ic_sign_page_decide(ic_exchange *x);

#endif
