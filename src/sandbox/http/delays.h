/* Delayed answers. Their connections are suspended, so no thread and no other request waits. */
#ifndef IC_SANDBOX_DELAYS_H
#define IC_SANDBOX_DELAYS_H

#include <stdbool.h>

struct MHD_Connection;
typedef struct ic_delays ic_delays;

/* NULL: no memory. */
ic_delays *ic_delays_new(void);
/* Suspends the connection for `seconds`; libmicrohttpd then calls its handler again. false: not suspended. */
bool ic_delays_add(ic_delays *delays, struct MHD_Connection *connection, double seconds);
/* Resumes all connections and suspends no more. Call it before the server stops. */
void ic_delays_stop(ic_delays *delays);
void ic_delays_free(ic_delays *delays); /* stopped, or NULL */

#endif
