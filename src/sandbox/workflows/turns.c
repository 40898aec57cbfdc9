#include "sandbox/workflows/turns.h"
#include "core/base/alloc.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/workflow_exchange.h"

bool ic_turn_begin(ic_workflow *workflow, bool counterparty, const char *location, const ic_user *user,
                   ic_time time) {
    const ic_array *turns = &workflow->turns;
    const ic_turn *last = turns->count ? turns->items[turns->count - 1] : NULL;
    if ((last && last->counterparty) == counterparty) return true;
    ic_turn *turn = ic_malloc(sizeof *turn);
    if (!turn) return false;
    *turn = (ic_turn){.counterparty = counterparty, .location = location, .user = user, .start = time};
    if (ic_array_push(&workflow->turns, turn)) return true;
    ic_free(turn);
    return false;
}

static const char *turn_party(bool counterparty) {
    return counterparty ? "counterparty" : "internal";
}

const char *ic_turn_party(const ic_workflow *workflow) {
    size_t count = workflow->turns.count;
    if (!count) return "not tracked";
    return turn_party(((const ic_turn *)workflow->turns.items[count - 1])->counterparty);
}

/* --- the history --- */

/* Turn number `i`, from 0. */
static ic_turn turn_at(const ic_workflow *workflow, size_t i) {
    if (i) return *(const ic_turn *)workflow->turns.items[i - 1];
    return (ic_turn){.location = "launch", .user = workflow->creator, .start = workflow->created};
}

static cJSON *turn_view(const ic_workflow *workflow, size_t i) {
    const ic_turn turn = turn_at(workflow, i);
    ic_time end = i < workflow->turns.count ? turn_at(workflow, i + 1).start : workflow->ended;
    cJSON *view = cJSON_CreateObject();
    ic_put_number(view, "turnNumber", (double)i + 1);
    ic_put_text(view, "turnParty", turn_party(turn.counterparty));
    ic_put_text(view, "turnLocation", turn.location);
    ic_put_text(view, "turnStartTime", ic_time_print(turn.start).text);
    if (end != IC_TIME_NONE) ic_put_text(view, "turnEndTime", ic_time_print(end).text);
    ic_put_text(view, "turnUserId", turn.user->id);
    ic_put_text(view, "turnUserEmail", turn.user->email);
    return view;
}

void ic_turns_list(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow) return;
    ic_page page = ic_exchange_page(x);
    size_t first = page.number * page.size, count = workflow->turns.count;
    if (count) count++; /* the first turn is not kept */
    cJSON *list = cJSON_CreateArray();
    for (size_t i = first; i < count && i < first + page.size; i++)
        ic_append(list, turn_view(workflow, i));
    ic_reply_page(x, page, count, list);
}
