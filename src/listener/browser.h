/* Opening a URL in the person's browser. */
#ifndef IC_LISTENER_BROWSER_H
#define IC_LISTENER_BROWSER_H

#include <stdbool.h>
#include <sys/types.h>

/* The program that opens it; 0: none, or it has ended and been waited for. */
typedef struct ic_browser {
    pid_t child;
} ic_browser;

/* Starts xdg-open, or open where there is no such program, without a shell, in a session of its own: Ctrl-C
 * in the terminal is not for the browser. Answers 0, or the error number when neither can be run. */
int ic_browser_open(ic_browser *browser, const char *url);
/* Whether it has ended without success by now; tells that once. */
bool ic_browser_failed(ic_browser *browser);

#endif
