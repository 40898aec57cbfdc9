/* Opening a URL in the person's browser. */
#ifndef IC_LISTENER_BROWSER_H
#define IC_LISTENER_BROWSER_H

#include <stdbool.h>
#include <sys/types.h>

/* The process id of the program that opens it; 0 when it has ended. */
typedef struct ic_browser {
    pid_t child;
} ic_browser;

/* Starts xdg-open, or open when there is no xdg-open, without a shell and in a new session, so that Ctrl-C in
 * the terminal does not reach the browser. Returns 0, or an error number when neither can be started. */
int ic_browser_open(ic_browser *browser, const char *url);
/* Whether it has failed. Returns true only once. */
bool ic_browser_failed(ic_browser *browser);

#endif
