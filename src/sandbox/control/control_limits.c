/* The control that sets rate limits. */
#include "core/base/text.h"
#include "sandbox/control/control.h"
#include <string.h>

static ic_window *control_find_window(ic_limits *limits, const char *name) {
    for (size_t i = 0; i < IC_BUCKET_NONE; i++)
        if (strcmp(ic_bucket_name((ic_bucket)i), name) == 0) return &limits->buckets[i];
    return strcmp(name, "company") == 0 ? &limits->company : NULL;
}

static void control_refuse_bucket(ic_control *control, const char *name) {
    ic_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < IC_BUCKET_NONE; i++)
        ic_nearest_offer(&nearest, ic_bucket_name((ic_bucket)i));
    ic_nearest_offer(&nearest, "company");
    if (nearest.best)
        ic_control_refuse(control, 400, "there is no bucket '%s'; did you mean '%s'?", name, nearest.best);
    else
        ic_control_refuse(control, 400, "there is no bucket '%s'", name);
}

static bool control_check_limits(ic_control *control, const cJSON *wanted) {
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted) {
        if (!control_find_window(&control->company->limits, item->string)) {
            control_refuse_bucket(control, item->string);
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

static void control_answer_limits(ic_control *control) {
    ic_limits *limits = &control->company->limits;
    cJSON *all = cJSON_CreateObject();
    if (limits->company.limit) ic_put_number(all, "company", (double)limits->company.limit);
    for (size_t i = 0; i < IC_BUCKET_COUNT; i++)
        if (limits->buckets[i].limit)
            ic_put_number(all, ic_bucket_name((ic_bucket)i), (double)limits->buckets[i].limit);
    control->answer = cJSON_CreateObject();
    ic_put(control->answer, "limits", all);
}

static void control_rate_limits(ic_control *control) {
    const cJSON *wanted = ic_json_member(control->arguments, "limits"), *item;
    ic_limits *limits = &control->company->limits;
    bool set = true;
    if (wanted && !cJSON_IsBool(wanted) && !cJSON_IsObject(wanted)) {
        ic_control_refuse(control, 400,
                          "'limits' must be true, false or an object: bucket -> requests a minute");
        return;
    }
    if (!control_check_limits(control, wanted)) return;
    if (wanted) ic_limits_clear(limits);
    if (cJSON_IsTrue(wanted)) set = ic_limits_publish(limits);
    cJSON_ArrayForEach(item, wanted) set =
        ic_window_set(control_find_window(limits, item->string), (size_t)item->valuedouble) && set;
    if (set)
        control_answer_limits(control);
    else
        ic_control_refuse(control, 500, "no memory");
}

/* --- the table --- */

// clang-format off
const ic_action ic_limit_actions[] = {
    {"rate_limits", control_rate_limits, {IC_ACTION_OPTIONAL("limits", ANY)},
     "Sets the rate limits: true for Ironclad's published ones, false for none, or an object from buckets (and "
     "\"company\", over all buckets) to requests a minute. Answers of a bucket with a limit have X-RateLimit headers; "
     "requests over the limit get 429 with Retry-After. Answers the present `limits`.", true},
    IC_ACTION_END,
};
// clang-format on
