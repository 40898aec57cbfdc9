#include "core/engine/token_entry.h"

bool ic_token_entry_is_usable(const ic_token_entry *entry, double now) {
    return !entry->change && ic_token_state_is_usable(&entry->state, now);
}

ic_call *ic_token_entry_first_waiter(const ic_call *fetch) {
    const ic_token_entry *entry = fetch->owner;
    return entry->waiters.first;
}

const ic_token *ic_token_entry_token(const ic_call *call) {
    return call->token_entry ? &call->token_entry->state.token : NULL;
}
