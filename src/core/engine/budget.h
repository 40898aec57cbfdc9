/* Ironclad's per-minute budgets, kept before the service has to refuse: sliding windows per host and client
 * id. Pure: every function is told the time (seconds, one monotonic clock). DESIGN, "Policy". */
#ifndef IC_BUDGET_H
#define IC_BUDGET_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include <stdbool.h>

#define IC_BUDGET_WINDOW 60.0

typedef struct ic_budget ic_budget;

/* `share` in (0, 1] takes that part of every budget (at least one place each). NULL: no memory. */
ic_budget *ic_budget_new(double share);
void ic_budget_free(ic_budget *budget);

/* Asks for a place in the bucket (and in the company's window, which every bucket but NONE shares). Returns 0
 * when it was taken, else the seconds after which to ask again. A taken place is given back by exactly one
 * ic_budget_release. */
double ic_budget_acquire(ic_budget *budget, ic_bucket bucket, double now);
/* The answer came (or the attempt failed): the place comes free IC_BUDGET_WINDOW after `now`. `sent` false:
 * nothing reached the service, the place is free at once. */
void ic_budget_release(ic_budget *budget, ic_bucket bucket, double now, bool sent);
/* Corrections by what the service says. X-RateLimit-*: limit, remaining, seconds until reset (each negative
 * when absent); a 429: nothing more in this bucket for `pause` seconds. */
void ic_budget_observe(ic_budget *budget, ic_bucket bucket, double now, double limit, double remaining,
                       double reset);
void ic_budget_refused(ic_budget *budget, ic_bucket bucket, double now, double pause);

#endif
