#include "sandbox/control/limits.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/control/control.h"
#include <string.h>

#define MINUTE ((ic_time)60 * 1000)

/* --- windows --- */

bool ic_window_set(ic_window *window, size_t limit) {
    ic_free(window->times);
    *window = (ic_window){0};
    if (!limit) return true;
    window->times = ic_malloc(limit * sizeof *window->times);
    if (window->times) window->limit = limit;
    return window->times != NULL;
}

static void forget_old(ic_window *window, ic_time now) {
    while (window->count && window->times[window->first] + MINUTE <= now) {
        window->first = (window->first + 1) % window->limit;
        window->count--;
    }
}

/* Milliseconds until the oldest request counts no more; the window has one. */
static ic_time until_free(const ic_window *window, ic_time now) {
    return window->times[window->first] + MINUTE - now;
}

static bool is_full(const ic_window *window) {
    return window->limit && window->count == window->limit;
}

static void count(ic_window *window, ic_time now) {
    if (window->limit) window->times[(window->first + window->count++) % window->limit] = now;
}

/* --- limits --- */

static const struct published {
    const char *name;
    size_t per_minute;
} published[] = {
#define X(constant, name, per_minute) {name, per_minute},
    IC_BUCKETS(X)
#undef X
};

bool ic_limits_publish(ic_limits *limits) {
    bool set = ic_window_set(&limits->company, IC_COMPANY_PER_MINUTE);
    for (size_t i = 0; i < IC_BUCKET_COUNT; i++)
        set = ic_window_set(&limits->buckets[i], published[i].per_minute) && set;
    return set;
}

void ic_limits_clear(ic_limits *limits) {
    ic_window_set(&limits->company, 0);
    for (size_t i = 0; i < IC_BUCKET_COUNT; i++)
        ic_window_set(&limits->buckets[i], 0);
}

static unsigned seconds_of(ic_time milliseconds) {
    return milliseconds > 0 ? (unsigned)((milliseconds + 999) / 1000) : 0;
}

unsigned ic_limits_take(ic_limits *limits, ic_bucket bucket, ic_time now, ic_quota *quota) {
    ic_window *own = &limits->buckets[bucket], *company = &limits->company;
    ic_time wait = 0;
    *quota = (ic_quota){0};
    if (bucket == IC_BUCKET_NONE) return 0;
    forget_old(own, now);
    forget_old(company, now);
    if (is_full(own)) wait = until_free(own, now);
    if (is_full(company) && until_free(company, now) > wait) wait = until_free(company, now);
    if (!wait) {
        count(own, now);
        count(company, now);
    }
    if (own->limit)
        *quota = (ic_quota){.limit = own->limit,
                            .remaining = own->limit - own->count,
                            .reset = own->count ? seconds_of(until_free(own, now)) : 0};
    return seconds_of(wait);
}

/* --- the action --- */

static ic_window *window_of(ic_limits *limits, const char *name) {
    for (size_t i = 0; i < IC_BUCKET_NONE; i++)
        if (strcmp(published[i].name, name) == 0) return &limits->buckets[i];
    return strcmp(name, "company") == 0 ? &limits->company : NULL;
}

static void refuse_bucket(ic_control *control, const char *name) {
    ic_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < IC_BUCKET_NONE; i++)
        ic_nearest_offer(&nearest, published[i].name);
    ic_nearest_offer(&nearest, "company");
    if (nearest.best)
        ic_control_refuse(control, 400, "there is no bucket '%s'; did you mean '%s'?", name, nearest.best);
    else
        ic_control_refuse(control, 400, "there is no bucket '%s'", name);
}

static bool check_limits(ic_control *control, const cJSON *wanted) {
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted) {
        if (!window_of(&control->company->limits, item->string)) {
            refuse_bucket(control, item->string);
            return false;
        }
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 1 && item->valuedouble <= IC_LIMIT_MOST)) {
            ic_control_refuse(control, 400, "the limit of '%s' must be a number from 1 to %d", item->string,
                              IC_LIMIT_MOST);
            return false;
        }
    }
    return true;
}

static void answer_limits(ic_control *control) {
    ic_limits *limits = &control->company->limits;
    cJSON *all = cJSON_CreateObject();
    if (limits->company.limit) ic_put_number(all, "company", (double)limits->company.limit);
    for (size_t i = 0; i < IC_BUCKET_COUNT; i++)
        if (limits->buckets[i].limit) ic_put_number(all, published[i].name, (double)limits->buckets[i].limit);
    control->answer = cJSON_CreateObject();
    ic_put(control->answer, "limits", all);
}

void ic_control_rate_limits(ic_control *control) {
    const cJSON *wanted = ic_json_member(control->arguments, "limits"), *item;
    ic_limits *limits = &control->company->limits;
    bool set = true;
    if (wanted && !cJSON_IsBool(wanted) && !cJSON_IsObject(wanted)) {
        ic_control_refuse(control, 400,
                          "'limits' must be true, false or an object: bucket -> requests a minute");
        return;
    }
    if (!check_limits(control, wanted)) return;
    if (wanted) ic_limits_clear(limits);
    if (cJSON_IsTrue(wanted)) set = ic_limits_publish(limits);
    cJSON_ArrayForEach(item, wanted) set =
        ic_window_set(window_of(limits, item->string), (size_t)item->valuedouble) && set;
    if (set)
        answer_limits(control);
    else
        ic_control_refuse(control, 500, "no memory");
}
