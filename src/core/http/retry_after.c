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
        /* RFC 9110 allows only whole seconds; a fraction is rounded up. It is read here, because what
         * strtod(3) takes for a decimal point depends on the locale. */
        double seconds = floor(strtod(value, NULL));
        bool fraction = false;
        if (value[count] == '.')
            for (count++; value[count] >= '0' && value[count] <= '9'; count++)
                fraction = fraction || value[count] != '0';
        bool whole = value[count + strspn(value + count, spaces)] == '\0';
        return whole && isfinite(seconds) ? seconds + fraction : -1;
    }
    /* All three forms of an HTTP-date begin with the day's name; curl_getdate(3) alone would take more. */
    if (!isalpha((unsigned char)*value)) return -1;
    time_t when = curl_getdate(value, NULL);
    if (when == -1) return -1;
    return fmax((double)when - now, 0);
}
