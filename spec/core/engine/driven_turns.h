/* Counts the engine's turns in the thread of main. A program's only file that includes this has
 * curl_multi_perform, which stands before libcurl's. Set `starter` first. */
#ifndef DRIVEN_TURNS_H
#define DRIVEN_TURNS_H

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

static pthread_t starter;       /* the thread of main */
static atomic_int driven_turns; /* turns of the engine in that thread */
static _Atomic pthread_t other; /* the last thread but it that has run the engine */

CURLMcode curl_multi_perform(CURLM *multi, int *running) {
    typedef CURLMcode performer(CURLM *, int *);
    performer *real;
    *(void **)&real = dlsym(RTLD_NEXT, "curl_multi_perform");
    if (pthread_equal(starter, pthread_self()))
        atomic_fetch_add(&driven_turns, 1);
    else
        atomic_store(&other, pthread_self());
    return real(multi, running);
}

#endif
