#include "sandbox/base/dates.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS_PER_SECOND 1000

ic_time ic_time_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (ic_time)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

/* Splits a time into its UTC date and time and the remaining milliseconds. Years outside 0..9999 are clamped.
 */
static bool date_divide(ic_time time, struct tm *day, int *ms) {
    const ic_time first = -62167219200000, last = 253402300799999; /* the years 0 to 9999 */
    time = time < first ? first : time > last ? last : time;
    *ms = (int)((time % MS_PER_SECOND + MS_PER_SECOND) % MS_PER_SECOND);
    time_t seconds = (time_t)((time - *ms) / MS_PER_SECOND);
    return gmtime_r(&seconds, day) != NULL;
}

ic_time_text ic_time_print(ic_time time) {
    struct tm day;
    int ms;
    ic_time_text out = {"0000-00-00T00:00:00.000Z"};
    if (!date_divide(time, &day, &ms)) return out;
    size_t length = strftime(out.text, sizeof out.text, "%Y-%m-%dT%H:%M:%S", &day);
    snprintf(out.text + length, sizeof out.text - length, ".%03dZ", ms);
    return out;
}

/* The names are English in every locale. */
ic_time_text ic_time_print_http(ic_time time) {
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm day;
    int ms;
    ic_time_text out = {"Thu, 01 Jan 1970 00:00:00 GMT"};
    if (!date_divide(time, &day, &ms)) return out;
    size_t length = (size_t)snprintf(out.text, sizeof out.text, "%.3s, ", &days[3 * day.tm_wday]);
    length += strftime(out.text + length, sizeof out.text - length, "%d ", &day);
    length += (size_t)snprintf(out.text + length, sizeof out.text - length, "%.3s ", &months[3 * day.tm_mon]);
    strftime(out.text + length, sizeof out.text - length, "%Y %H:%M:%S GMT", &day);
    return out;
}

/* Reads exactly `digits` decimal digits at *text and moves past them. */
static bool date_number(const char **text, int digits, int *value) {
    *value = 0;
    for (int i = 0; i < digits; i++, ++*text) {
        if (!isdigit((unsigned char)**text)) return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

static bool date_skip(const char **text, char wanted) {
    if (**text != wanted) return false;
    ++*text;
    return true;
}

static int date_days_in(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool date_parse_day(const char **text, struct tm *day) {
    if (!date_number(text, 4, &day->tm_year) || !date_skip(text, '-') ||
        !date_number(text, 2, &day->tm_mon) || !date_skip(text, '-') || !date_number(text, 2, &day->tm_mday))
        return false;
    if (day->tm_mon < 1 || day->tm_mon > 12) return false;
    if (day->tm_mday < 1 || day->tm_mday > date_days_in(day->tm_year, day->tm_mon)) return false;
    day->tm_year -= 1900;
    day->tm_mon -= 1;
    return true;
}

static bool date_parse_fraction(const char **text, int *ms) {
    *ms = 0;
    if (!date_skip(text, '.')) return true;
    if (!isdigit((unsigned char)**text)) return false;
    for (int weight = 100; isdigit((unsigned char)**text); ++*text, weight /= 10)
        *ms += (**text - '0') * weight;
    return true;
}

/* Reads "Z", nothing, "+02:00" or "+0200". *minutes: how far local time is ahead of UTC. */
static bool date_parse_offset(const char **text, int *minutes) {
    *minutes = 0;
    if (!**text || date_skip(text, 'Z')) return true;
    int sign = **text == '-' ? -1 : 1, hours, rest;
    if (**text != '+' && **text != '-') return false;
    ++*text;
    if (!date_number(text, 2, &hours)) return false;
    date_skip(text, ':');
    if (!date_number(text, 2, &rest) || hours > 23 || rest > 59) return false;
    *minutes = sign * (hours * 60 + rest);
    return true;
}

bool ic_time_parse(const char *text, ic_time *time) {
    struct tm day = {0};
    int ms = 0, offset = 0;
    if (!text || !date_parse_day(&text, &day)) return false;
    if (date_skip(&text, 'T')) {
        if (!date_number(&text, 2, &day.tm_hour) || !date_skip(&text, ':') ||
            !date_number(&text, 2, &day.tm_min))
            return false;
        if (date_skip(&text, ':') &&
            (!date_number(&text, 2, &day.tm_sec) || !date_parse_fraction(&text, &ms)))
            return false;
        if (day.tm_hour > 23 || day.tm_min > 59 || day.tm_sec > 60 || !date_parse_offset(&text, &offset))
            return false;
    }
    if (*text) return false;
    *time = ((ic_time)timegm(&day) - offset * 60) * MS_PER_SECOND + ms;
    return true;
}

/* --- durations --- */

bool ic_time_add_months(ic_time *time, int months) {
    time_t seconds = (time_t)(*time / MS_PER_SECOND);
    ic_time rest = *time % MS_PER_SECOND;
    struct tm day;
    if (!gmtime_r(&seconds, &day)) return false;
    int all = (day.tm_year + 1900) * 12 + day.tm_mon + months, year = all / 12, month = all % 12 + 1;
    if (all < 0 || year > 9999) return false;
    day.tm_year = year - 1900;
    day.tm_mon = month - 1;
    if (day.tm_mday > date_days_in(year, month)) day.tm_mday = date_days_in(year, month);
    *time = (ic_time)timegm(&day) * MS_PER_SECOND + rest;
    return true;
}

/* A unit of a duration: its letter and its length. */
typedef struct unit {
    char letter;
    int months;
    int64_t seconds;
} unit;

static const unit day_units[] = {{'Y', 12, 0}, {'M', 1, 0}, {'W', 0, 604800}, {'D', 0, 86400}, {0, 0, 0}};
static const unit time_units[] = {{'H', 0, 3600}, {'M', 0, 60}, {'S', 0, 1}, {0, 0, 0}};

#define PART_MAX 1000000 /* the largest number in a duration; more leads beyond the year 9999 */

/* Adds up numbers followed by the units' letters, in that order, and counts the parts. */
static int date_read_duration_parts(const char **text, const unit *units, int64_t *months, int64_t *seconds) {
    int parts = 0;
    while (isdigit((unsigned char)**text)) {
        int64_t count = 0;
        for (; isdigit((unsigned char)**text); ++*text)
            if (count <= PART_MAX) count = count * 10 + (**text - '0');
        while (units->letter && units->letter != **text)
            units++;
        if (!units->letter) return -1;
        if (count > PART_MAX) count = PART_MAX;
        *months += count * units->months;
        *seconds += count * units->seconds;
        units++, ++*text;
        parts++;
    }
    return parts;
}

static bool date_read_duration(const char *text, int64_t *months, int64_t *seconds) {
    *months = *seconds = 0;
    if (!text || !date_skip(&text, 'P')) return false;
    int days = date_read_duration_parts(&text, day_units, months, seconds), times = 0;
    if (days < 0) return false;
    if (date_skip(&text, 'T') && (times = date_read_duration_parts(&text, time_units, months, seconds)) <= 0)
        return false;
    return !*text && days + times > 0;
}

bool ic_duration_valid(const char *text) {
    int64_t months, seconds;
    return date_read_duration(text, &months, &seconds);
}

bool ic_duration_read(const char *duration, int64_t *months, int64_t *days) {
    int64_t seconds;
    if (!duration || !date_read_duration(duration, months, &seconds)) return false;
    *days = seconds / (24 * 60 * 60);
    return true;
}

bool ic_time_add_duration(ic_time *time, const char *duration) {
    int64_t months, seconds;
    if (!date_read_duration(duration, &months, &seconds) || !ic_time_add_months(time, (int)months))
        return false;
    *time += seconds * MS_PER_SECOND;
    return true;
}
