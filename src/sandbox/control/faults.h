/* Answers that fail on request: the next so many, of all requests or of some, each in a given way. */
#ifndef IC_SANDBOX_FAULTS_H
#define IC_SANDBOX_FAULTS_H

#include "sandbox/http/exchange.h"

/* X(constant, name, whether the operation is done all the same) */
#define IC_FAULT_KINDS(X)                                                                                    \
    X(STATUS, "status", false)      /* a status with Ironclad's error body */                                \
    X(HTML, "html", false)          /* a status with a page, as a proxy in between would send it */          \
    X(CLOSE, "close", false)        /* the connection is closed before the answer */                         \
    X(CUT, "cut", true)             /* closed in the middle of it */                                         \
    X(MALFORMED, "malformed", true) /* the answer's JSON ends in its middle */                               \
    X(EMPTY, "empty", true)         /* the answer's status without its body */                               \
    X(DELAY, "delay", true)         /* the answer, late */
typedef enum ic_fault_kind {
#define X(constant, name, done) IC_FAULT_##constant,
    IC_FAULT_KINDS(X)
#undef X
} ic_fault_kind;

typedef struct ic_fault {
    ic_fault_kind kind;
    size_t skip, times;            /* requests that pass before it; how many fail then */
    const ic_operation *operation; /* of the requests that are meant; NULL: any */
    char *method, *path;           /* likewise; a path is a beginning */
    unsigned status, retry_after;
    char *message;
    double seconds; /* of the machine, before the answer */
    bool done;
} ic_fault;

/* The fault that this request is to meet, counted down; NULL: none. It lives until ic_fault_meet. */
ic_fault *ic_fault_of(const ic_exchange *x);
/* Makes the answer fail. When fault->done, there is one already. */
void ic_fault_meet(ic_exchange *x, ic_fault *fault);
void ic_faults_free(ic_company *company); /* all of them */

#endif
