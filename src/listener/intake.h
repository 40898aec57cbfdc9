/* A small HTTP server for development: requests wait in a queue until the script has answered them. Like the
 * login's listener (callback.h) it has no thread: it serves while ic_intake_wait or ic_intake_answer runs, in
 * the thread and process that created it. */
#ifndef IC_LISTENER_INTAKE_H
#define IC_LISTENER_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#define IC_INTAKE_BODY_MAX   (1024 * 1024) /* bytes; a longer body is answered 413 */
#define IC_INTAKE_TARGET_MAX 8192          /* bytes of path and query; a longer one is answered 414 */

typedef struct ic_intake ic_intake;

/* Listens at a host and port (0: any free port). NULL: it cannot; `error` (`size` bytes) says why. */
ic_intake *ic_intake_listen(const char *host, int port, char *error, size_t size);
int ic_intake_port(const ic_intake *intake);

/* Serves until a request waits for an answer, or for about `seconds`; 0 only does what can be done at once. A
 * signal ends the wait within a tenth of a second. Returns whether a request waits. */
bool ic_intake_wait(ic_intake *intake, double seconds);

/* About the request that waits longest, valid until it is answered. NULL when none waits. */
const char *ic_intake_method(const ic_intake *intake);
const char *ic_intake_target(const ic_intake *intake); /* path and query, still percent-encoded */
const char *ic_intake_body(const ic_intake *intake, size_t *length);
/* Name and value of each header in turn, each with its closing NUL, in the order of the request. */
const char *ic_intake_headers(const ic_intake *intake, size_t *length);

/* Answers that request with text. Gives up when the answer cannot be sent within two seconds. */
void ic_intake_answer(ic_intake *intake, unsigned status, const char *text, size_t length);
/* Frees the port and the intake. Requests that wait get no answer. Does nothing in a forked process. */
void ic_intake_close(ic_intake *intake);

#endif
