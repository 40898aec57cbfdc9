/* For LD_PRELOAD: a thread that ends while it waits. When the file $DYING_ENGINE exists, the next thread that
 * calls curl_multi_poll removes the file and exits. */
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

typedef CURLMcode poller(CURLM *, struct curl_waitfd[], unsigned, int, int *);

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd others[], unsigned count, int timeout,
                          int *ready) {
    const char *path = getenv("DYING_ENGINE");
    if (path && unlink(path) == 0) pthread_exit(NULL);
    poller *real;
    *(void **)&real = dlsym(RTLD_NEXT, "curl_multi_poll");
    return real ? real(multi, others, count, timeout, ready) : CURLM_INTERNAL_ERROR;
}
