/* For LD_PRELOAD: a thread that ends where it waits. When the file that $DYING_ENGINE names is there, whoever
 * calls curl_multi_poll next removes it and exits its thread. */
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
