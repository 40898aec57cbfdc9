/* Keeps requests within Ironclad's rate limits, so that the service need not refuse any. There is a window
 * for each bucket, sliding or fixed (catalog.h), and a sliding one for the company. Pure: functions get the
 * time as a parameter, in seconds on one monotonic clock. */
#ifndef IC_BUDGET_H
#define IC_BUDGET_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/engine/fixed_window.h"
#include <stdbool.h>

#define IC_BUDGET_WINDOW 60.0 /* seconds, of a sliding window */

typedef struct ic_budget ic_budget;

/* `share` in (0, 1] takes that part of every limit, at least one permit each. NULL when out of memory. */
ic_budget *ic_budget_new(double share);
void ic_budget_free(ic_budget *budget); /* NULL is allowed */

/* Makes room for a permit of the bucket. False when out of memory; ic_budget_acquire then tries again, and
 * returns a wait until there is memory. */
bool ic_budget_reserve(ic_budget *budget, ic_bucket bucket);
/* Whether the budget is in the same state as a new one, so that it can be freed. */
bool ic_budget_is_idle(ic_budget *budget, double now);

/* Changes the share. Permits that were acquired keep counting. */
void ic_budget_set_share(ic_budget *budget, double share);
/* How many requests the service allows in a window of the bucket, as far as is known. `told` receives whether
 * that number is from an answer. */
double ic_budget_requests(const ic_budget *budget, ic_bucket bucket, bool *told);

/* Acquires a permit of the bucket, and of the company's window, which every sliding bucket but NONE shares.
 * 0: acquired; otherwise the seconds after which to ask again. Each permit is released once. */
double ic_budget_acquire(ic_budget *budget, ic_bucket bucket, double now);
/* The answer came, or the attempt failed: the permit of a sliding window is free IC_BUDGET_WINDOW after
 * `now`, that of a fixed one when its window closes, and both at once when nothing reached the service. */
void ic_budget_release(ic_budget *budget, ic_bucket bucket, double now, ic_permit_end end);

/* What an answer says: X-RateLimit-Limit, X-RateLimit-Remaining and the seconds until X-RateLimit-Reset; each
 * negative when absent. */
void ic_budget_observe(ic_budget *budget, ic_bucket bucket, double now, double limit, double remaining,
                       double reset);
/* A 429: no more permits of this bucket for `pause` seconds, at most its window's length. */
void ic_budget_refused(ic_budget *budget, ic_bucket bucket, double now, double pause);

#endif
