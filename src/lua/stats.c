#include "lua/stats.h"
#include "core/engine/stats.h"
#include "lua/field.h"
#include "lua/result.h"

static void stats_push_waits(lua_State *L, const ic_waits *waits) {
    lua_createtable(L, 0, IC_WAIT_COUNT + 1);
    for (int reason = 0; reason < IC_WAIT_COUNT; reason++)
        ic_lua_set_count(L, ic_wait_reason_names[reason], (double)waits->counts[reason]);
    ic_lua_set_count(L, "seconds", waits->seconds);
}

static void stats_push_shared(lua_State *L, const ic_stats *stats) {
    static const struct {
        const char *name;
        ic_count count;
    } fields[] = {{"opened", IC_COUNT_OPENED},   {"lost", IC_COUNT_LOST},         {"blocks", IC_COUNT_BLOCKS},
                  {"permits", IC_COUNT_PERMITS}, {"returned", IC_COUNT_RETURNED}, {"alone", IC_COUNT_ALONE},
                  {"locks", IC_COUNT_LOCKS},     {"commands", IC_COUNT_COMMANDS}, {"again", IC_COUNT_AGAIN}};
    lua_createtable(L, 0, 11);
    ic_lua_set_count(L, "connected", (double)stats->gauges[IC_GAUGE_CONNECTED]);
    ic_lua_set_count(L, "kept", (double)stats->gauges[IC_GAUGE_KEPT]);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        ic_lua_set_count(L, fields[i].name, (double)stats->counts[fields[i].count]);
}

/* stats() -> a new table: what the engine has done in this process, and what it is doing now. */
static int stats_read(lua_State *L) {
    ic_stats stats;
    ic_stats_read(&stats);
    lua_createtable(L, 0, 9);
    ic_lua_set_count(L, "calls", (double)stats.counts[IC_COUNT_CALLS]);
    ic_lua_set_count(L, "failed", (double)stats.counts[IC_COUNT_FAILED]);
    ic_lua_set_count(L, "requests", (double)stats.counts[IC_COUNT_REQUESTS]);
    ic_lua_set_count(L, "retries", (double)stats.counts[IC_COUNT_RETRIES]);
    ic_lua_set_count(L, "tokens", (double)stats.counts[IC_COUNT_TOKENS]);
    ic_lua_set_count(L, "in_flight", (double)stats.gauges[IC_GAUGE_IN_FLIGHT]);
    ic_lua_set_count(L, "pending", (double)stats.gauges[IC_GAUGE_PENDING]);
    lua_createtable(L, 0, IC_BUCKET_COUNT);
    for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++) {
        stats_push_waits(L, &stats.waits[bucket]);
        lua_setfield(L, -2, ic_bucket_name(bucket));
    }
    lua_setfield(L, -2, "waits");
    stats_push_shared(L, &stats);
    lua_setfield(L, -2, "shared");
    return 1;
}

void ic_lua_open_stats(lua_State *L) {
    static const luaL_Reg functions[] = {{"stats", stats_read}, {NULL, NULL}};
    ic_lua_setfuncs(L, functions);
}
