/* Waits at this machine itself for the one request to which a login redirects a browser. There is no thread
 * behind it: it serves while ic_callback_wait or ic_callback_answer runs, in the thread and the process that
 * made it. */
#ifndef IC_LISTENER_CALLBACK_H
#define IC_LISTENER_CALLBACK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_callback ic_callback;

#define IC_CALLBACK_TARGET_MAX 8192 /* bytes of path and query */

/* Listens at host "localhost" (127.0.0.1, and ::1 where this machine has it: browsers take either),
 * "127.0.0.1" or
 * "::1", port 0 being any free one. `path` is waited for as it is written, percent-encoded or not; `seconds`
 * is how long, from now. NULL: it cannot, and `error` (of `size` bytes) says why. */
ic_callback *ic_callback_listen(const char *host, int port, const char *path, double seconds, char *error,
                                size_t size);
int ic_callback_port(const ic_callback *callback);

typedef enum ic_callback_state {
    IC_CALLBACK_AGAIN, /* a moment has passed, or a signal has come: wait again */
    IC_CALLBACK_CAME,  /* a GET of the path: its browser waits for ic_callback_answer */
    IC_CALLBACK_LATE   /* the time is over */
} ic_callback_state;

/* Serves for a moment. What is no GET of the path, or comes while another request waits for its answer, is
 * refused. */
ic_callback_state ic_callback_wait(ic_callback *callback);
/* The path and query that came; the callback's, until the answer. NULL: none waits. */
const char *ic_callback_target(const ic_callback *callback);
/* Answers the browser that waits with a page, and sends it within two seconds or gives up. */
void ic_callback_answer(ic_callback *callback, unsigned status, const char *title, const char *text);
/* Frees the port and the callback; a browser that still waits is told that the login has ended. Does nothing
 * in a forked process. */
void ic_callback_close(ic_callback *callback);

#endif
