/* One set of atomic numbers. Each is changed on its own: no reader needs two of them from the same moment. */
#include "core/engine/stats.h"
#include <math.h>
#include <stdatomic.h>

const char *const ic_wait_reason_names[IC_WAIT_COUNT] = {
    [IC_WAIT_BUDGET] = "budget", [IC_WAIT_IN_FLIGHT] = "in_flight", [IC_WAIT_RETRY_AFTER] = "retry_after"};

static atomic_ulong stats_counts[IC_COUNT_COUNT];
static atomic_long stats_gauges[IC_GAUGE_COUNT];
static struct {
    atomic_ulong counts[IC_WAIT_COUNT];
    atomic_ulong milliseconds;
} stats_waits[IC_BUCKET_COUNT];

void ic_stats_count(ic_count count) {
    ic_stats_add(count, 1);
}

void ic_stats_add(ic_count count, unsigned long number) {
    atomic_fetch_add_explicit(&stats_counts[count], number, memory_order_relaxed);
}

void ic_stats_change(ic_gauge gauge, long by) {
    atomic_fetch_add_explicit(&stats_gauges[gauge], by, memory_order_relaxed);
}

void ic_stats_waited(ic_wait_reason reason, ic_bucket bucket, double seconds) {
    atomic_fetch_add_explicit(&stats_waits[bucket].counts[reason], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&stats_waits[bucket].milliseconds,
                              (unsigned long)lround(fmax(0, seconds) * 1000), memory_order_relaxed);
}

void ic_stats_read(ic_stats *stats) {
    for (int i = 0; i < IC_COUNT_COUNT; i++)
        stats->counts[i] = atomic_load_explicit(&stats_counts[i], memory_order_relaxed);
    for (int i = 0; i < IC_GAUGE_COUNT; i++)
        stats->gauges[i] = atomic_load_explicit(&stats_gauges[i], memory_order_relaxed);
    for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++) {
        ic_waits *waits = &stats->waits[bucket];
        for (int reason = 0; reason < IC_WAIT_COUNT; reason++)
            waits->counts[reason] =
                atomic_load_explicit(&stats_waits[bucket].counts[reason], memory_order_relaxed);
        waits->seconds =
            (double)atomic_load_explicit(&stats_waits[bucket].milliseconds, memory_order_relaxed) / 1000;
    }
}

long ic_stats_gauge(ic_gauge gauge) {
    return atomic_load_explicit(&stats_gauges[gauge], memory_order_relaxed);
}

void ic_stats_forget_gauges(void) {
    for (int i = 0; i < IC_GAUGE_COUNT; i++)
        atomic_store(&stats_gauges[i], 0);
}

void ic_stats_reset(void) {
    ic_stats_forget_gauges();
    for (int i = 0; i < IC_COUNT_COUNT; i++)
        atomic_store(&stats_counts[i], 0);
    for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++) {
        for (int reason = 0; reason < IC_WAIT_COUNT; reason++)
            atomic_store(&stats_waits[bucket].counts[reason], 0);
        atomic_store(&stats_waits[bucket].milliseconds, 0);
    }
}
