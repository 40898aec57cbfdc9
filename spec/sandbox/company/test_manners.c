/* A company's limits, used fully and never hit: the engine's budgets against the sandbox's rate limits, which
 * refuse what is too much. Both are told the time, so that minutes pass at once. */
#include "core/engine/budget.h"
#include "sandbox/company/limits.h"
#include "spec/core/check.h"
#include <math.h>

#define MOST 400 /* calls in flight */

typedef struct plan {
    ic_bucket bucket;
    int calls, in_flight;
    double seconds; /* that an answer takes; the service counts a request half way */
    double ideal;   /* seconds for all of them: a full window at once, and one more each minute */
} plan;

static const plan plans[] = {
    {IC_BUCKET_WORKFLOWS_READ, 1000, 32, 0.1, 120}, {IC_BUCKET_WORKFLOWS_READ, 1000, 400, 1, 120},
    {IC_BUCKET_WORKFLOWS_READ, 1000, 1, 0.01, 120}, {IC_BUCKET_WORKFLOWS_WRITE, 100, 8, 0.5, 120},
    {IC_BUCKET_RECORDS_READ, 1500, 32, 0.05, 120},  {IC_BUCKET_SIGN_STATUS, 120, 2, 0.2, 120},
};

typedef struct flight {
    double counted, answered; /* when; counted is INFINITY once it has been */
} flight;

typedef struct service {
    ic_limits limits;
    int refused;
} service;

static void arrive(service *service, const plan *plan, ic_budget *budget, double now) {
    ic_quota quota;
    if (ic_limits_take(&service->limits, plan->bucket, (ic_time)llround(now * 1000), &quota))
        service->refused++;
    ic_budget_observe(budget, plan->bucket, now, (double)quota.limit, (double)quota.remaining, quota.reset);
}

/* The flight whose next event comes first, and when. */
static int next_event(const flight *flights, int flying, double *at) {
    int first = -1;
    *at = INFINITY;
    for (int i = 0; i < flying; i++) {
        double when = fmin(flights[i].counted, flights[i].answered);
        if (when < *at) {
            *at = when;
            first = i;
        }
    }
    return first;
}

/* Answers when the last call was answered. */
static double run(const plan *plan, ic_budget *budget, service *service) {
    flight flights[MOST];
    int flying = 0, begun = 0;
    double now = 0, ask = 0;
    while (begun < plan->calls || flying) {
        double at;
        int next = next_event(flights, flying, &at);
        if (begun < plan->calls && flying < plan->in_flight && ask <= at) {
            now = fmax(now, ask);
            double pause = ic_budget_acquire(budget, plan->bucket, now);
            ask = now + pause;
            if (pause > 0) continue;
            flights[flying++] = (flight){now + plan->seconds / 2, now + plan->seconds};
            begun++;
            continue;
        }
        now = at;
        if (flights[next].counted <= at) {
            arrive(service, plan, budget, now);
            flights[next].counted = INFINITY;
            continue;
        }
        ic_budget_release(budget, plan->bucket, now, true);
        flights[next] = flights[--flying];
    }
    return now;
}

int main(void) {
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        const plan *plan = &plans[i];
        ic_budget *budget = ic_budget_new(1);
        service service = {0};
        CHECK(ic_limits_publish(&service.limits));
        double total = run(plan, budget, &service);
        CHECK(service.refused == 0);
        if (!CHECK(total >= plan->ideal && total <= plan->ideal * 1.05))
            printf("    plan %zu: %g s, ideally %g s\n", i, total, plan->ideal);
        ic_limits_clear(&service.limits);
        ic_budget_free(budget);
    }
    return check_done("manners");
}
