/* libcurl's sockets for curl_multi_wakeup(3), which it does not hand out. */
#ifndef IC_WAKEUP_H
#define IC_WAKEUP_H

#include <curl/curl.h>

/* curl_multi_init, with these sockets closed in programs that the process executes: libcurl before 8.10
 * leaves them open there. NULL without memory. */
CURLM *ic_wakeup_multi_init(void);

#endif
