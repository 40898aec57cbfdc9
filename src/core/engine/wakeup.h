/* libcurl's sockets for curl_multi_wakeup(3), which its API does not expose. */
#ifndef IC_WAKEUP_H
#define IC_WAKEUP_H

#include <curl/curl.h>

/* curl_multi_init, with close-on-exec set on these sockets: libcurl before 8.10 does not set it. NULL when
 * out of memory. */
CURLM *ic_wakeup_multi_init(void);

#endif
