/* Injected faults: the next answers to all or some requests fail in a given way. */
#ifndef IC_SANDBOX_FAULTS_H
#define IC_SANDBOX_FAULTS_H

#include "sandbox/http/exchange.h"

/* X(constant, name, whether the operation is done anyway) */
#define IC_FAULT_KINDS(X)                                                                                    \
    X(STATUS, "status", false)      /* a status with Ironclad's error body */                                \
    X(HTML, "html", false)          /* a status with an HTML page, as a proxy would send it */               \
    X(CLOSE, "close", false)        /* the connection is closed before the answer */                         \
    X(CUT, "cut", true)             /* the connection is closed in the middle of the answer */               \
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
    size_t skip, times; /* matching requests that are answered normally first, then those that fail */
    const ic_operation *operation; /* of matching requests; NULL: any */
    char *method, *path;           /* likewise; path: a prefix */
    unsigned status, retry_after;
    char *message;
    double seconds; /* seconds of real time before the answer */
    bool done;
} ic_fault;

/* The fault for this request. Counts it down. NULL: none. Valid until ic_fault_meet. */
ic_fault *ic_fault_of(const ic_exchange *x);
/* Makes the answer fail. With fault->done, the operation has been answered already. */
void ic_fault_meet(ic_exchange *x, ic_fault *fault);
void ic_faults_free(ic_company *company); /* all of them */

#endif
