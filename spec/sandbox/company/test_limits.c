/* Rate limits by a clock of their own: what is let in, when the next place comes free, and what headers say.
 */
#include "core/base/alloc.h"
#include "sandbox/company/limits.h"
#include "spec/core/check.h"

/* Requests of records:read at these seconds against three a minute there and four for the company; `other`:
 * of workflows:read, which has no limit of its own. */
static const struct turn {
    double at;
    bool other;
    unsigned wait, remaining, reset;
} turns[] = {
    {0, false, 0, 2, 60},    {10, false, 0, 1, 50},  {10.5, true, 0, 0, 0},    {20, false, 0, 0, 40},
    {20, true, 40, 0, 0},    {21, false, 39, 0, 39}, {59.999, false, 1, 0, 1}, {60, false, 0, 0, 10},
    {60, true, 10, 0, 0},    {69, false, 1, 0, 1},   {70, true, 0, 0, 0},      {70, false, 1, 1, 10},
    {70.5, false, 0, 0, 10}, {200, false, 0, 2, 60},
};

static void test_turns(void) {
    ic_limits limits = {0};
    CHECK(ic_window_set(&limits.buckets[IC_BUCKET_RECORDS_READ], 3) && ic_window_set(&limits.company, 4));
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        const struct turn *turn = &turns[i];
        ic_quota quota;
        ic_bucket bucket = turn->other ? IC_BUCKET_WORKFLOWS_READ : IC_BUCKET_RECORDS_READ;
        unsigned wait = ic_limits_take(&limits, bucket, (ic_time)(turn->at * 1000), &quota);
        if (!CHECK(wait == turn->wait && quota.limit == (turn->other ? 0 : 3) &&
                   quota.remaining == turn->remaining && quota.reset == turn->reset))
            printf("    turn %zu: waits %u, %zu remaining, reset in %u\n", i, wait, quota.remaining,
                   quota.reset);
    }
    ic_limits_clear(&limits);
}

static void test_published(void) {
    long before = ic_alloc_live();
    ic_limits limits = {0};
    ic_quota quota;
    CHECK(ic_limits_publish(&limits));
    CHECK(limits.company.limit == 4500 && limits.buckets[IC_BUCKET_WORKFLOWS_WRITE].limit == 40);
    for (int i = 0; i < 10000; i++)
        if (ic_limits_take(&limits, IC_BUCKET_NONE, 0, &quota) || quota.limit)
            CHECK(!"the token endpoint counts");
    for (unsigned i = 0; i < 4500; i++)
        if (ic_limits_take(&limits, IC_BUCKET_RECORDS_READ, (ic_time)i * 200, &quota))
            CHECK(!"300 a minute are let in");
    ic_limits_clear(&limits);
    CHECK(!ic_limits_take(&limits, IC_BUCKET_RECORDS_READ, 0, &quota) && !quota.limit);
    CHECK(ic_alloc_live() == before);
}

static void test_no_memory(void) {
    long before = ic_alloc_live();
    bool published = false;
    for (long nth = 1; nth < 100 && !published; nth++) {
        ic_limits limits = {0};
        ic_quota quota;
        ic_alloc_fail_at(nth);
        published = ic_limits_publish(&limits);
        ic_alloc_fail_at(0);
        CHECK(!ic_limits_take(&limits, IC_BUCKET_OTHER, 0, &quota));
        ic_limits_clear(&limits);
        CHECK(ic_alloc_live() == before);
    }
    CHECK(published);
}

int main(void) {
    test_turns();
    test_published();
    test_no_memory();
    return check_done("limits");
}
