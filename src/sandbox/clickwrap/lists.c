#include "sandbox/clickwrap/lists.h"
#include "core/base/text.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/filter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PER_PAGE     25
#define PER_PAGE_MAX 100

/* Members that refer to other things. `expand` replaces a reference by the thing. */
static const struct link {
    const char *member;
    ic_cw_kind kind;
} list_links[] = {
    {"contract", IC_CW_CONTRACT},
    {"version", IC_CW_VERSION},
    {"group", IC_CW_GROUP},
    {"site", IC_CW_SITE},
    {"contracts", IC_CW_CONTRACT},
    {"latest_version", IC_CW_VERSION},
    {"published_version", IC_CW_VERSION},
};

/* What a number or id refers to. NULL: not found. */
static cJSON *list_linked(const ic_clickwrap *clickwrap, ic_cw_kind kind, const cJSON *reference) {
    char id[64];
    if (cJSON_IsNumber(reference)) snprintf(id, sizeof id, "%.0f", reference->valuedouble);
    const char *text = cJSON_IsString(reference)   ? reference->valuestring
                       : cJSON_IsNumber(reference) ? id
                                                   : NULL;
    const cJSON *thing = text ? ic_cw_by_id(clickwrap, kind, text) : NULL;
    return thing ? ic_cw_view(thing) : NULL;
}

static void list_expand(const ic_clickwrap *clickwrap, cJSON *view, const struct link *link) {
    const cJSON *member = ic_json_member(view, link->member), *item;
    if (!cJSON_IsArray(member)) {
        cJSON *whole = list_linked(clickwrap, link->kind, member);
        if (whole) ic_set(view, link->member, whole);
        return;
    }
    cJSON *list = cJSON_CreateArray();
    cJSON_ArrayForEach(item, member) {
        cJSON *whole = list_linked(clickwrap, link->kind, item);
        if (whole) ic_append(list, whole);
    }
    ic_set(view, link->member, list);
}

/* Removes the members that the comma-separated list does not name. */
static void list_keep_fields(cJSON *view, const char *fields) {
    for (cJSON *member = view->child, *next; member; member = next) {
        next = member->next;
        if (!ic_names_include(fields, member->string)) cJSON_Delete(cJSON_DetachItemViaPointer(view, member));
    }
}

/* A thing as the query asks for it. NULL or spoiled (build.h) when out of memory. A group shows its contracts
 * only with `expand`: the list of their ids is the sandbox's own. */
static cJSON *list_view(const ic_exchange *x, ic_cw_kind kind, const cJSON *thing) {
    const char *expand = ic_exchange_query(x, "expand"), *fields = ic_exchange_query(x, "fields");
    cJSON *view = ic_cw_view(thing);
    for (size_t i = 0; expand && i < sizeof list_links / sizeof *list_links; i++)
        if (ic_names_include(expand, list_links[i].member))
            list_expand(x->company->clickwrap, view, &list_links[i]);
    if (kind == IC_CW_GROUP && !(expand && ic_names_include(expand, "contracts")))
        cJSON_DeleteItemFromObjectCaseSensitive(view, "contracts");
    if (fields && view) list_keep_fields(view, fields);
    return view;
}

void ic_cw_reply_thing(ic_exchange *x, unsigned status, ic_cw_kind kind, const cJSON *thing, bool wrapped) {
    cJSON *view = list_view(x, kind, thing), *answer = view;
    if (wrapped) {
        answer = cJSON_CreateObject();
        ic_put(answer, "data", view);
    }
    ic_reply_json(x, status, answer);
}

/* --- pages --- */

static size_t list_number(const ic_exchange *x, const char *name, size_t otherwise) {
    const char *text = ic_exchange_query(x, name);
    long value = text ? strtol(text, NULL, 10) : (long)otherwise;
    return value > 0 ? (size_t)value : 0;
}

static bool list_check(ic_exchange *x) {
    const char *filter = ic_exchange_query(x, "filter");
    if (filter && !ic_cw_filter_valid(filter))
        ic_reply_error(x, 400, "bad_request", NULL, "the filter cannot be read: %s", filter);
    else if (!list_number(x, "page", 1) || !list_number(x, "per_page", PER_PAGE))
        ic_reply_error(x, 400, "bad_request", NULL, "page and per_page begin with 1");
    else
        return true;
    return false;
}

/* The member and direction of the query's `sort`, such as "-created_time"; the default is the order of
 * creation. */
static const char *list_sort_name;
static int list_sort_sign;

static int list_compare(const void *a, const void *b) {
    const cJSON *left = *(cJSON *const *)a, *right = *(cJSON *const *)b;
    char texts[2][256];
    double numbers[2] = {ic_cw_number(left, list_sort_name), ic_cw_number(right, list_sort_name)};
    int order = numbers[0] != numbers[1]
                    ? (numbers[0] > numbers[1]) - (numbers[0] < numbers[1])
                    : strcmp(ic_cw_text(left, list_sort_name, texts[0], sizeof texts[0]),
                             ic_cw_text(right, list_sort_name, texts[1], sizeof texts[1]));
    return list_sort_sign * order;
}

/* Only one request is answered at a time, so that the comparison may have its parameters in static
 * variables. */
static void list_sort(const ic_exchange *x, ic_array *found) {
    const char *sort = ic_exchange_query(x, "sort");
    if (!sort || !*sort || !found->count) return;
    list_sort_sign = *sort == '-' ? -1 : 1;
    list_sort_name = sort + (*sort == '-');
    qsort(found->items, found->count, sizeof *found->items, list_compare);
}

static bool list_collect(const ic_exchange *x, ic_cw_kind kind, ic_cw_belongs *belongs, ic_array *found) {
    const char *filter = ic_exchange_query(x, "filter");
    cJSON *thing;
    cJSON_ArrayForEach(thing, x->company->clickwrap->lists[kind]) {
        if (ic_cw_true(thing, "deleted") || (belongs && !belongs(x, thing)) ||
            !ic_cw_filter_fits(filter, thing))
            continue;
        if (!ic_array_push(found, thing)) return false;
    }
    return true;
}

void ic_cw_reply_list(ic_exchange *x, ic_cw_kind kind, ic_cw_belongs *belongs) {
    ic_array found = {0};
    if (!list_check(x)) return;
    if (!list_collect(x, kind, belongs, &found)) {
        ic_array_free(&found);
        ic_reply_no_memory(x);
        return;
    }
    list_sort(x, &found);
    size_t page = list_number(x, "page", 1), size = list_number(x, "per_page", PER_PAGE),
           most = x->company->max_page_size ? x->company->max_page_size : PER_PAGE_MAX;
    if (size > most) size = most;
    size_t first = page > found.count ? found.count : (page - 1) * size, shown = 0;
    cJSON *answer = cJSON_CreateObject(), *list = ic_put(answer, "data", cJSON_CreateArray());
    for (size_t i = first; i < found.count && shown < size; i++, shown++)
        ic_append(list, list_view(x, kind, found.items[i]));
    ic_put_number(answer, "count", (double)shown);
    ic_put_bool(answer, "has_more", first + shown < found.count);
    ic_put_number(answer, "page", (double)page);
    ic_put_number(answer, "per_page", (double)size);
    if (!ic_exchange_query_true(x, "no_count")) ic_put_number(answer, "total_count", (double)found.count);
    ic_array_free(&found);
    ic_reply_json(x, 200, answer);
}
