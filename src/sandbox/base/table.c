#include "sandbox/base/table.h"
#include "core/base/alloc.h"
#include <stdint.h>
#include <string.h>

static bool array_grow(ic_array *list) {
    if (list->count < list->capacity) return true;
    size_t capacity = list->capacity ? list->capacity * 2 : 8;
    void **items = ic_realloc(list->items, capacity * sizeof *items);
    if (!items) return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

bool ic_array_push(ic_array *list, void *item) {
    if (!array_grow(list)) return false;
    list->items[list->count++] = item;
    return true;
}

bool ic_array_has(const ic_array *list, const void *item) {
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == item) return true;
    return false;
}

void ic_array_drop(ic_array *list, const void *item) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] != item) list->items[kept++] = list->items[i];
    list->count = kept;
}

void ic_array_shift(ic_array *list, size_t count) {
    list->count -= count;
    if (list->count) memmove(list->items, list->items + count, list->count * sizeof *list->items);
}

void ic_array_free(ic_array *list) {
    ic_free(list->items);
    *list = (ic_array){0};
}

/* The first position whose item does not sort before `item`. */
static size_t array_place_of(const ic_array *list, const void *item, ic_compare compare) {
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(list->items[middle], item) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool ic_array_insert(ic_array *list, void *item, ic_compare compare) {
    if (!array_grow(list)) return false;
    size_t at = array_place_of(list, item, compare);
    memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof *list->items);
    list->items[at] = item;
    list->count++;
    return true;
}

void ic_array_remove(ic_array *list, const void *item, ic_compare compare) {
    size_t at = array_place_of(list, item, compare);
    if (at >= list->count || list->items[at] != item) return;
    list->count--;
    memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof *list->items);
}

/* FNV-1a. */
static size_t index_hash(const char *key) {
    uint64_t value = 14695981039346656037u;
    for (; *key; key++)
        value = (value ^ (unsigned char)*key) * 1099511628211u;
    return (size_t)(value ^ (value >> 32));
}

/* The key's slot, or the free one where it would go. Ends because at least a quarter of the slots is free. */
static ic_slot *index_slot_of(ic_slot *slots, size_t size, const char *key) {
    size_t at = index_hash(key) & (size - 1);
    while (slots[at].key && (!slots[at].item || strcmp(slots[at].key, key) != 0))
        at = (at + 1) & (size - 1);
    return &slots[at];
}

static bool index_rehash(ic_index *index) {
    size_t live = 0;
    for (size_t i = 0; i < index->size; i++)
        live += index->slots[i].item != NULL;
    size_t size = 16;
    while (size < live * 2 + 2)
        size *= 2;
    ic_slot *slots = ic_calloc(size, sizeof *slots);
    if (!slots) return false;
    for (size_t i = 0; i < index->size; i++)
        if (index->slots[i].item) *index_slot_of(slots, size, index->slots[i].key) = index->slots[i];
    ic_free(index->slots);
    *index = (ic_index){.slots = slots, .size = size, .used = live};
    return true;
}

bool ic_index_put(ic_index *index, const char *key, void *item) {
    if ((index->used + 1) * 4 > index->size * 3 && !index_rehash(index)) return false;
    ic_slot *slot = index_slot_of(index->slots, index->size, key);
    if (!slot->key) index->used++;
    *slot = (ic_slot){.key = key, .item = item};
    return true;
}

void *ic_index_get(const ic_index *index, const char *key) {
    if (!key || !index->size) return NULL;
    return index_slot_of(index->slots, index->size, key)->item;
}

void ic_index_remove(ic_index *index, const char *key) {
    if (!index->size) return;
    ic_slot *slot = index_slot_of(index->slots, index->size, key);
    if (!slot->key) return;
    slot->key = ""; /* the caller may now free the item's key */
    slot->item = NULL;
}

void ic_index_free(ic_index *index) {
    ic_free(index->slots);
    *index = (ic_index){0};
}
