/* Opening a URL in the person's browser. */
#ifndef IC_LISTENER_BROWSER_H
#define IC_LISTENER_BROWSER_H

#include <stdbool.h>
#include <sys/types.h>

/* The program that opens it: its process id, or 0 when there is none any more. */
typedef struct ic_browser {
    pid_t child;
} ic_browser;

/* Starts xdg-open, or open where there is no xdg-open, without a shell. It runs in a session of its own, so
 * that Ctrl-C in the terminal does not reach the browser. Returns 0, or an error number when neither can be
 * run. */
int ic_browser_open(ic_browser *browser, const char *url);
/* Whether it has ended without success by now. Returns true only once. */
bool ic_browser_failed(ic_browser *browser);

#endif
