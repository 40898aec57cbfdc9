/* Points in time as Ironclad writes them: ISO 8601 in UTC. Kept as milliseconds since 1970. */
#ifndef IC_SANDBOX_DATES_H
#define IC_SANDBOX_DATES_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t ic_time; /* milliseconds since 1970-01-01T00:00:00Z */
#define IC_TIME_NONE INT64_MIN
#define IC_DAY       ((ic_time)24 * 60 * 60 * 1000)

ic_time ic_time_now(void);
/* "2016-11-17T00:37:22.318Z". Years outside 0..9999 are clamped. */
typedef struct ic_time_text {
    char text[32];
} ic_time_text;
ic_time_text ic_time_print(ic_time time);
/* "Thu, 17 Nov 2016 00:37:22 GMT": RFC 9110, 5.6.7. */
ic_time_text ic_time_print_http(ic_time time);
/* Reads a date ("2018-05-08"), or a date and time ("2018-05-08T00:00:00-07:00") with optional seconds,
 * fraction and offset; without an offset it is UTC. false: not a date, or no such day. */
bool ic_time_parse(const char *text, ic_time *time);
/* The same day, `months` later (negative: earlier), or the last day of a shorter month. false: outside the
 * years 0 to 9999. */
bool ic_time_add_months(ic_time *time, int months);
/* The whole months and days of an ISO 8601 duration. false: not a duration. */
bool ic_duration_read(const char *duration, int64_t *months, int64_t *days);
/* Adds an ISO 8601 duration. false: not a duration, or too long. */
bool ic_time_add_duration(ic_time *time, const char *duration);
/* ISO 8601 durations such as P1Y2M, P2W, P1DT12H; at least one part. */
bool ic_duration_valid(const char *text);

#endif
