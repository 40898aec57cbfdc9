#include "core/base/table.h"
#include "core/base/alloc.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TABLE_FIRST_SIZE 16 /* chains */

/* FNV-1a (draft-eastlake-fnv). The keys are made by this module, not chosen by a peer. */
static size_t table_hash_text(const char *text) {
    uint64_t hash = 14695981039346656037u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return (size_t)hash;
}

/* Addresses and counted numbers differ in few bits: a multiplication spreads them (Knuth). */
static size_t table_index(size_t hash, size_t size) {
    return (size_t)(((uint64_t)hash * 11400714819323198485u) >> 32) & (size - 1);
}

static ic_table_node **table_chain(ic_table *table, size_t hash) {
    return table->chains ? &table->chains[table_index(hash, table->size)] : &table->only;
}

static void table_grow(ic_table *table) {
    size_t size = table->chains ? table->size * 2 : TABLE_FIRST_SIZE;
    ic_table grown = {.chains = ic_calloc(size, sizeof *grown.chains), .size = size, .count = table->count};
    if (!grown.chains) return;
    for (size_t i = 0; i < (table->chains ? table->size : 1); i++) {
        for (ic_table_node *node = table->chains ? table->chains[i] : table->only, *next; node; node = next) {
            ic_table_node **chain = table_chain(&grown, node->hash);
            next = node->next;
            node->next = *chain;
            *chain = node;
        }
    }
    ic_free(table->chains);
    *table = grown;
}

static void table_add(ic_table *table, ic_table_node *node, const char *key, size_t hash) {
    if (table->count >= (table->chains ? table->size : 1)) table_grow(table);
    ic_table_node **chain = table_chain(table, hash);
    *node = (ic_table_node){.next = *chain, .key = key, .hash = hash};
    *chain = node;
    table->count++;
}

static ic_table_node *table_find(const ic_table *table, const char *key, size_t hash) {
    ic_table_node *node = table->chains ? table->chains[table_index(hash, table->size)] : table->only;
    while (node && (node->hash != hash || (key && strcmp(node->key, key) != 0)))
        node = node->next;
    return node;
}

void ic_table_add(ic_table *table, ic_table_node *node, const char *key) {
    table_add(table, node, key, table_hash_text(key));
}

void ic_table_add_number(ic_table *table, ic_table_node *node, size_t number) {
    table_add(table, node, NULL, number);
}

void ic_table_remove(ic_table *table, ic_table_node *node) {
    ic_table_node **link = table_chain(table, node->hash);
    while (*link && *link != node)
        link = &(*link)->next;
    if (!*link) return;
    *link = node->next;
    table->count--;
}

ic_table_node *ic_table_find(const ic_table *table, const char *key) {
    return table_find(table, key, table_hash_text(key));
}

ic_table_node *ic_table_find_number(const ic_table *table, size_t number) {
    return table_find(table, NULL, number);
}

void ic_table_free(ic_table *table) {
    ic_free(table->chains);
    *table = (ic_table){0};
}
