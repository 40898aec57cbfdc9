/* Answers that wait: their connections are suspended, so that no thread and no other request waits with them.
 */
#ifndef IC_SANDBOX_DELAYS_H
#define IC_SANDBOX_DELAYS_H

#include <stdbool.h>

struct MHD_Connection;
typedef struct ic_delays ic_delays;

/* NULL: no memory. */
ic_delays *ic_delays_new(void);
/* Suspends the connection for so long; it is then asked for its answer again. false: it is not suspended. */
bool ic_delays_add(ic_delays *delays, struct MHD_Connection *connection, double seconds);
/* Resumes all at once, and suspends no more. To be done before the server stops. */
void ic_delays_stop(ic_delays *delays);
void ic_delays_free(ic_delays *delays); /* a stopped one, or NULL */

#endif
