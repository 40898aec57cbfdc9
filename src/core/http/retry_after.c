#include "core/http/retry_after.h"
#include <ctype.h>
#include <curl/curl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

double ic_retry_after(const char *value, double now) {
    static const char spaces[] = " \t", digits[] = "0123456789";
    if (!value) return -1;
    value += strspn(value, spaces);
    size_t count = strspn(value, digits);
    if (count) {
        double seconds = strtod(value, NULL);
        bool whole = value[count + strspn(value + count, spaces)] == '\0';
        return whole && isfinite(seconds) ? seconds : -1;
    }
    /* All three forms of an HTTP-date begin with the day's name; curl_getdate(3) alone would take more. */
    if (!isalpha((unsigned char)*value)) return -1;
    time_t when = curl_getdate(value, NULL);
    if (when == -1) return -1;
    return fmax((double)when - now, 0); /* a moment that has passed: no wait */
}
