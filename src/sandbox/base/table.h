/* Two containers: a list, and an index by a text key. Neither owns its items. */
#ifndef IC_SANDBOX_TABLE_H
#define IC_SANDBOX_TABLE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_array {
    void **items;
    size_t count, capacity;
} ic_array;

/* false: no memory, and the list is unchanged. */
bool ic_array_push(ic_array *list, void *item);
bool ic_array_has(const ic_array *list, const void *item);
/* Removes the item. The others keep their order. */
void ic_array_drop(ic_array *list, const void *item);
/* Removes the first `count` items. There must be at least `count`. */
void ic_array_shift(ic_array *list, size_t count);
void ic_array_free(ic_array *list);
/* Frees the first `number` items by free_item(type), and removes them. */
#define IC_ARRAY_FREE_FIRST(list, number, type, free_item)                                                   \
    do {                                                                                                     \
        size_t number_ = (number);                                                                           \
        for (size_t i_ = 0; i_ < number_; i_++)                                                              \
            free_item((type)(list)->items[i_]);                                                              \
        ic_array_shift(list, number_);                                                                       \
    } while (0)
/* Frees the items of a list by free_item(type), then the list. */
#define IC_ARRAY_FREE_ALL(list, type, free_item)                                                             \
    do {                                                                                                     \
        for (size_t i_ = 0; i_ < (list)->count; i_++)                                                        \
            free_item((type)(list)->items[i_]);                                                              \
        ic_array_free(list);                                                                                 \
    } while (0)

typedef int (*ic_compare)(const void *a, const void *b);
/* For a list sorted by `compare`, which must never call two different items equal. Insertion fails without
 * memory. Removal finds the item by its order, so remove it before its sort key changes. */
bool ic_array_insert(ic_array *list, void *item, ic_compare compare);
void ic_array_remove(ic_array *list, const void *item, ic_compare compare);

/* A hash table with open addressing. */
typedef struct ic_slot {
    const char *key; /* NULL: free; owned by the item */
    void *item;      /* NULL with a key: the item was removed */
} ic_slot;

typedef struct ic_index {
    ic_slot *slots;
    size_t size, used; /* used: includes the slots of removed items */
} ic_index;

bool ic_index_put(ic_index *index, const char *key, void *item);
/* NULL: not found. `key` may be NULL. */
void *ic_index_get(const ic_index *index, const char *key);
void ic_index_remove(ic_index *index, const char *key);
void ic_index_free(ic_index *index);

#endif
