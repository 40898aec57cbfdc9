#include "core/engine/engine_parts.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/engine/clients.h"
#include "core/engine/engine_work.h"
#include "core/engine/flow.h"
#include "core/engine/queues.h"
#include "core/engine/shared.h"
#include "core/engine/socket.h"
#include "core/engine/token_queue.h"
#include "core/engine/transfer.h"
#include "core/engine/upkeep.h"
#include "core/engine/wakeup.h"

/* Whether a thread that waits for its call may run the engine meanwhile (ic_engine_wait). 0: the engine's
 * thread does everything. */
#define CALLER_DRIVES 1

/* A thread of the host does not block SIGPIPE, so libcurl must never raise it: since 7.87 it sends what
 * OpenSSL writes with MSG_NOSIGNAL. Since 8.9 it ends connections in the background: then the engine must be
 * able to ask whether it does (work_closes in engine_work.c). */
static bool parts_can_be_driven(void) {
    const curl_version_info_data *about = curl_version_info(CURLVERSION_NOW);
    bool known = IC_CLOSES_ARE_KNOWN || about->version_num < 0x080900;
    return CALLER_DRIVES && known && about->version_num >= 0x075700 && about->ssl_version &&
           ic_text_starts(about->ssl_version, "OpenSSL");
}

static CURLSH *parts_new_pool(void) {
    CURLSH *pool = curl_share_init();
    if (!pool || curl_share_setopt(pool, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT) == CURLSHE_OK) return pool;
    curl_share_cleanup(pool);
    return NULL;
}

ic_engine *ic_engine_parts_new(void (*wake)(void)) {
    ic_engine *engine = ic_calloc(1, sizeof *engine);
    if (!engine) return NULL;
    engine->multi = ic_wakeup_multi_init();
    engine->unshared_pool = parts_new_pool();
    engine->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* numbers have a decimal point */
    engine->drivable = parts_can_be_driven();
    engine->flow = &ic_flow_steps_in_use;
    engine->wake = wake;
    if (engine->multi && engine->unshared_pool && ic_clients_init(engine) && ic_token_queue_init(engine))
        return engine;
    ic_engine_parts_discard(engine);
    return NULL;
}

void ic_engine_parts_discard(ic_engine *engine) {
    curl_multi_cleanup(engine->multi);
    curl_share_cleanup(engine->unshared_pool);
    ic_timers_free(&engine->timers);
    ic_table_free(&engine->live_by_id);
    if (engine->plain) freelocale(engine->plain);
    ic_free(engine);
}

void ic_engine_parts_free(ic_engine *engine) {
    ic_transfers_forget(engine, NULL);
    ic_kept_sockets_free(&engine->kept_sockets);
    ic_clients_free(engine);
    ic_token_queue_free(engine);
    ic_queues_free(engine);
    ic_upkeep_free(engine);
    ic_shared_free(engine);
    ic_socket_close(engine);
    ic_engine_parts_discard(engine);
}
