/* Groups of items, each with a timer. An item moves to the end of its group's list when it has been checked.
 * The scripts of all items of a group are the same, and are kept once: they may be longer than all else that
 * an item has. */
#include "core/engine/upkeep.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/engine/stats.h"
#include <math.h>
#include <string.h>

#define BATCH       200  /* items that one check looks at */
#define MOST_ASKING 50   /* questions of a group that are asked again at once */
#define MANY        1000 /* items of a group; with more, they are checked less often */
#define CHECK_TIME  5.0  /* seconds for Redis to answer a check */
#define ASK_TIME    10.0 /* … and a question that is asked again */

/* What a check says of an item. */
enum { VERDICT_OVER, VERDICT_THERE, VERDICT_LOST, VERDICT_SPARE, VERDICT_UNKNOWN };

struct ic_upkeep_item {
    struct ic_upkeep_group *group;
    ic_upkeep_item *previous, *next;
    ic_question *question;    /* owned, with its terms; without scripts, which the group has */
    ic_link_command *command; /* the question, asked again; or NULL */
    ic_call *call;            /* borrowed, or NULL */
    double until;
    int lost; /* checks in a row that have said so */
    bool spare;
    bool in_check; /* the check under way looks at it */
    bool dropped;  /* … and it is freed afterwards */
};

typedef struct ic_upkeep_group {
    struct ic_upkeep_group *next;
    ic_engine *engine;
    ic_shared *shared;
    ic_script ask, check;         /* their texts are owned */
    ic_upkeep_item *first, *last; /* the first to be checked next */
    size_t count, bytes;
    size_t spare;             /* items that are spare */
    size_t asking;            /* questions that are being asked again */
    ic_link_command *command; /* the check under way, or NULL */
    size_t batch;             /* items that it looks at: the first of the list */
    size_t left;              /* items that this round still has to check */
    bool at_once;             /* the next round: lost items wait until fewer questions are asked again */
    ic_timer timer;
} ic_upkeep_group;

/* ---- items ---- */

/* The bytes of the words, and of what belongs to each item; without what the allocator adds. */
static size_t upkeep_size(const ic_question *question) {
    const ic_question *check = &question->terms->check;
    return sizeof(ic_upkeep_item) + sizeof *question + sizeof *question->terms + question->bytes.length +
           check->bytes.length + (question->capacity + check->capacity) * sizeof *question->lengths;
}

static void upkeep_set_spare(ic_upkeep_item *item, bool spare) {
    if (item->spare == spare) return;
    item->spare = spare;
    if (spare)
        item->group->spare++;
    else
        item->group->spare--;
}

static void upkeep_append(ic_upkeep_item *item) {
    ic_upkeep_group *group = item->group;
    item->previous = group->last;
    item->next = NULL;
    *(group->last ? &group->last->next : &group->first) = item;
    group->last = item;
}

static void upkeep_unlink(ic_upkeep_item *item) {
    ic_upkeep_group *group = item->group;
    *(item->previous ? &item->previous->next : &group->first) = item->next;
    *(item->next ? &item->next->previous : &group->last) = item->previous;
}

static void upkeep_stop_asking(ic_upkeep_item *item) {
    if (!item->command) return;
    ic_link_forget(item->command);
    item->command = NULL;
    item->group->asking--;
}

static void upkeep_free_item(ic_upkeep_item *item) {
    ic_upkeep_group *group = item->group;
    upkeep_stop_asking(item);
    upkeep_set_spare(item, false);
    upkeep_unlink(item);
    group->count--;
    group->bytes -= upkeep_size(item->question);
    if (item->question->terms->refuses) ic_stats_change(IC_GAUGE_KEPT, -1);
    ic_question_free(item->question);
    ic_free(item);
}

/* The item ends by itself. */
static void upkeep_end_item(ic_upkeep_item *item) {
    ic_engine *engine = item->group->engine;
    ic_call *call = item->call;
    item->call = NULL;
    if (call) call->upkeep = NULL;
    upkeep_free_item(item);
    if (call) engine->flow->complete(engine, call);
}

void ic_upkeep_drop(ic_upkeep_item *item) {
    item->call = NULL;
    if (item->in_check)
        item->dropped = true;
    else
        upkeep_free_item(item);
}

/* ---- asking again ---- */

static void upkeep_on_asked(void *owner, ic_reply *reply, const ic_error *error) {
    ic_upkeep_item *item = owner;
    ic_upkeep_group *group = item->group;
    (void)reply;
    item->command = NULL;
    group->asking--;
    if (error)
        group->at_once = false; /* Redis does not take it now: the next round comes after the usual pause */
    else
        item->lost = 0;
    if (group->asking || !group->at_once || group->command) return;
    group->at_once = false;
    ic_timer_set(&group->engine->timers, &group->timer, ic_now());
}

/* When this fails, the next check tries again. */
static void upkeep_ask(ic_upkeep_item *item) {
    ic_upkeep_group *group = item->group;
    const ic_question *question = item->question;
    const char **words = ic_question_words(question);
    if (!words) return;
    double now = ic_now();
    item->command = ic_link_run(group->shared->link, &group->ask, words, question->lengths, question->count,
                                true, now, now + ASK_TIME, upkeep_on_asked, item);
    ic_free(words);
    if (!item->command) return;
    group->asking++;
    ic_stats_count(IC_COUNT_AGAIN);
}

/* ---- checking ---- */

static void upkeep_free_group(ic_upkeep_group *group) {
    ic_engine *engine = group->engine;
    ic_upkeep_group **link = &engine->upkeep;
    while (*link != group)
        link = &(*link)->next;
    *link = group->next;
    if (group->command) ic_link_forget(group->command);
    ic_timers_release(&engine->timers, &group->timer);
    group->shared->users--;
    ic_free((char *)group->ask.text);
    ic_free((char *)group->check.text);
    ic_free(group);
}

/* After a round: when the next one begins. */
static void upkeep_rest(ic_upkeep_group *group) {
    if (!group->first) {
        upkeep_free_group(group);
        return;
    }
    double pause = group->first->question->terms->every * fmax(1, (double)group->count / MANY);
    ic_timer_set(&group->engine->timers, &group->timer, ic_now() + pause);
}

static void upkeep_judge(ic_upkeep_item *item, long long verdict, double now) {
    ic_upkeep_group *group = item->group;
    item->in_check = false;
    if (item->dropped) {
        upkeep_free_item(item);
        return;
    }
    if (verdict == VERDICT_OVER || (verdict == VERDICT_THERE && now >= item->until)) {
        upkeep_end_item(item);
        return;
    }
    upkeep_unlink(item);
    upkeep_append(item);
    if (verdict == VERDICT_UNKNOWN) return;
    upkeep_set_spare(item, verdict == VERDICT_SPARE);
    item->lost = verdict == VERDICT_LOST ? item->lost + 1 : 0;
    if (!item->lost || item->lost < item->question->terms->patience || item->command) return;
    if (group->asking < MOST_ASKING)
        upkeep_ask(item);
    else
        group->at_once = true;
}

static void upkeep_check(ic_upkeep_group *group);

static void upkeep_on_checked(void *owner, ic_reply *reply, const ic_error *error) {
    ic_upkeep_group *group = owner;
    double now = ic_now();
    group->command = NULL;
    for (size_t i = 0, batch = group->batch; i < batch; i++) {
        long long verdict =
            error ? VERDICT_UNKNOWN : ic_reply_integer(ic_reply_item(reply, i), VERDICT_UNKNOWN);
        upkeep_judge(group->first, verdict, now);
    }
    group->batch = 0;
    if (!error && !group->left && group->at_once && !group->asking) {
        group->at_once = false;
        group->left = group->count;
    }
    if (error || !group->left)
        upkeep_rest(group);
    else
        upkeep_check(group);
}

/* Sends the check of the next items. */
static void upkeep_check(ic_upkeep_group *group) {
    if (group->left > group->count) group->left = group->count;
    size_t items = group->left < BATCH ? group->left : BATCH, count = 0;
    if (!items) {
        upkeep_rest(group);
        return;
    }
    const ic_question *check = &group->first->question->terms->check;
    size_t keys = group->check.keys, capacity = items * check->count; /* the keys come once */
    const char **words = ic_malloc(capacity * sizeof *words);
    size_t *lengths = ic_malloc(capacity * sizeof *lengths);
    ic_upkeep_item *item = group->first;
    const char **at = words;
    for (size_t i = 0; words && lengths && i < items; i++, item = item->next) {
        check = &item->question->terms->check;
        size_t skipped = i ? keys : 0;
        const char *text = check->bytes.data;
        for (size_t j = 0; j < check->count; text += check->lengths[j++]) {
            if (j < skipped) continue;
            *at++ = text;
            lengths[count++] = check->lengths[j];
        }
    }
    double now = ic_now();
    if (words && lengths)
        group->command = ic_link_run(group->shared->link, &group->check, words, lengths, count, false, now,
                                     now + CHECK_TIME, upkeep_on_checked, group);
    ic_free(words);
    ic_free(lengths);
    if (!group->command) {
        upkeep_rest(group);
        return;
    }
    group->batch = items;
    group->left -= items;
    item = group->first;
    for (size_t i = 0; i < items; i++, item = item->next)
        item->in_check = true;
}

static void upkeep_on_timer(void *engine, void *owner, double now) {
    ic_upkeep_group *group = owner;
    (void)engine, (void)now;
    if (group->command) return;
    group->left = group->count;
    upkeep_check(group);
}

/* ---- groups ---- */

static size_t upkeep_keys_size(const ic_question *check) {
    size_t size = 0;
    for (size_t i = 0; i < check->script_keys; i++)
        size += check->lengths[i];
    return size;
}

static bool upkeep_is_script(const ic_script *script, const ic_question *question) {
    return script->length == question->script_length && script->keys == question->script_keys &&
           memcmp(script->text, question->script, script->length) == 0;
}

/* Whether the group's items are checked as often, in the same way and in the same keys. */
static bool upkeep_fits(const ic_upkeep_group *group, const ic_question *question) {
    const ic_upkeep_terms *terms = question->terms, *known = group->first->question->terms;
    size_t size = upkeep_keys_size(&terms->check);
    return known->every == terms->every && known->check.count == terms->check.count &&
           upkeep_is_script(&group->ask, question) && upkeep_is_script(&group->check, &terms->check) &&
           size == upkeep_keys_size(&known->check) &&
           memcmp(known->check.bytes.data, terms->check.bytes.data, size) == 0;
}

static ic_upkeep_group *upkeep_find(const ic_engine *engine, const ic_shared *shared,
                                    const ic_question *question) {
    ic_upkeep_group *group = engine->upkeep;
    while (group && !(group->shared == shared && group->first && upkeep_fits(group, question)))
        group = group->next;
    return group;
}

/* Moves the script out of the question. */
static ic_script upkeep_take_script(ic_question *question) {
    ic_script script = {question->script, question->script_length, question->script_keys};
    question->script = NULL;
    return script;
}

static void upkeep_drop_script(ic_question *question) {
    ic_free(question->script);
    question->script = NULL;
}

/* A group for the question, whose scripts it takes over. NULL when out of memory. */
static ic_upkeep_group *upkeep_new_group(ic_engine *engine, ic_shared *shared, ic_question *question) {
    if (!ic_timers_reserve(&engine->timers)) return NULL;
    ic_upkeep_group *group = ic_calloc(1, sizeof *group);
    if (!group) {
        ic_timers_release(&engine->timers, &(ic_timer){0});
        return NULL;
    }
    *group = (ic_upkeep_group){.engine = engine,
                               .shared = shared,
                               .next = engine->upkeep,
                               .ask = upkeep_take_script(question),
                               .check = upkeep_take_script(&question->terms->check)};
    group->timer = (ic_timer){.fire = upkeep_on_timer, .owner = group};
    shared->users++;
    engine->upkeep = group;
    return group;
}

static bool upkeep_is_full(const ic_upkeep_group *group, const ic_question *question) {
    const ic_upkeep_terms *terms = question->terms;
    return group->count >= terms->most || group->bytes + upkeep_size(question) > terms->most_bytes;
}

/* Drops spare items, or any, until there is room. Without spare items it does not look for them. */
static void upkeep_make_room(ic_upkeep_group *group, const ic_question *question, bool any) {
    ic_upkeep_item *item = any || group->spare ? group->first : NULL;
    for (ic_upkeep_item *next; item && upkeep_is_full(group, question); item = next) {
        next = item->next;
        if ((any || item->spare) && !item->in_check && !item->call) upkeep_free_item(item);
    }
}

bool ic_upkeep_has_room(ic_engine *engine, ic_shared *shared, const ic_question *question, ic_error *error) {
    ic_upkeep_group *group = upkeep_find(engine, shared, question);
    if (!group || !question->terms->refuses) return true;
    upkeep_make_room(group, question, false);
    if (!upkeep_is_full(group, question)) return true;
    ic_error_set(
        error, IC_ERR_STORE,
        "this process already keeps %zu events (%zu bytes) that wait in the shared inbox: handle them first",
        group->count, group->bytes);
    return false;
}

ic_upkeep_item *ic_upkeep_add(ic_engine *engine, ic_shared *shared, ic_question *question, ic_call *call) {
    ic_upkeep_terms *terms = question->terms;
    ic_upkeep_group *group = upkeep_find(engine, shared, question);
    ic_upkeep_item *item = ic_calloc(1, sizeof *item);
    bool first = item && !group;
    if (first) group = upkeep_new_group(engine, shared, question);
    if (!item || !group) {
        ic_free(item);
        ic_question_free(question);
        return NULL;
    }
    upkeep_drop_script(question);
    upkeep_drop_script(&terms->check);
    ic_buf_trim(&question->bytes);
    ic_buf_trim(&terms->check.bytes);
    double now = ic_now();
    if (!terms->refuses && !terms->held) upkeep_make_room(group, question, true);
    *item =
        (ic_upkeep_item){.group = group, .question = question, .call = call, .until = now + terms->lasting};
    upkeep_append(item);
    group->count++;
    group->bytes += upkeep_size(question);
    if (terms->refuses) ic_stats_change(IC_GAUGE_KEPT, 1);
    if (first) ic_timer_set(&engine->timers, &group->timer, now + terms->every);
    return item;
}

void ic_upkeep_free(ic_engine *engine) {
    while (engine->upkeep) {
        ic_upkeep_group *group = engine->upkeep;
        while (group->first)
            upkeep_free_item(group->first);
        upkeep_free_group(group);
    }
}
