/* A listener on this machine for the request to which a login redirects the browser (RFC 8252, 7.3). It has
 * no thread: it serves while ic_callback_wait or ic_callback_answer runs, in the thread and process that
 * created it. */
#ifndef IC_LISTENER_CALLBACK_H
#define IC_LISTENER_CALLBACK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_callback ic_callback;

#define IC_CALLBACK_TARGET_MAX 8192 /* bytes of path and query */

/* Listens at `host`: "localhost" (127.0.0.1, and ::1 where this machine has it, because browsers use either),
 * "127.0.0.1" or "::1". Port 0 is any free port. Requests for `path` are expected; the path is compared
 * without percent-decoding. The login times out `seconds` from now. Returns NULL when it cannot listen;
 * `error` (`size` bytes) then says why. */
ic_callback *ic_callback_listen(const char *host, int port, const char *path, double seconds, char *error,
                                size_t size);
int ic_callback_port(const ic_callback *callback);

typedef enum ic_callback_state {
    IC_CALLBACK_AGAIN, /* nothing yet, after a tenth of a second or a signal: wait again */
    IC_CALLBACK_CAME,  /* a GET of the path has arrived: its browser waits for ic_callback_answer */
    IC_CALLBACK_LATE   /* timed out */
} ic_callback_state;

/* Serves for at most a tenth of a second. Refuses every request that is not a GET of the path, and any that
 * arrives while another one waits for its answer. */
ic_callback_state ic_callback_wait(ic_callback *callback);
/* The path and query of the request that is waiting, valid until it is answered; NULL when there is none. */
const char *ic_callback_target(const ic_callback *callback);
/* Answers the waiting browser with an HTML page. Gives up when the page cannot be sent within two seconds.
 * The same request gets the same page, until another one is answered: the person may reload. */
void ic_callback_answer(ic_callback *callback, unsigned status, const char *title, const char *text);
/* Frees the port and the callback. A browser that is still waiting is told that the login has ended.
 * Does nothing in a forked process. */
void ic_callback_close(ic_callback *callback);

#endif
