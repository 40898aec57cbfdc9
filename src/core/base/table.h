/* A hash table whose nodes are members of the structs that it finds. It owns none of them, and adding one
 * cannot fail: when out of memory for more chains, the chains grow longer. */
#ifndef IC_TABLE_H
#define IC_TABLE_H

#include <stddef.h>

typedef struct ic_table_node {
    struct ic_table_node *next; /* in its chain */
    const char *key;            /* borrowed; NULL: `hash` alone is the key */
    size_t hash;
} ic_table_node;

/* Zeroed, it is empty. */
typedef struct ic_table {
    ic_table_node **chains; /* owned; NULL: `only` is the one chain */
    ic_table_node *only;
    size_t size, count; /* number of chains, a power of two; number of nodes */
} ic_table;

/* Adds the node under a text, which must stay as it is while the node is in the table. No other node may have
 * it. */
void ic_table_add(ic_table *table, ic_table_node *node, const char *key);
/* Adds the node under a number. A table has either texts or numbers. */
void ic_table_add_number(ic_table *table, ic_table_node *node, size_t number);
void ic_table_remove(ic_table *table, ic_table_node *node);
/* Each returns NULL when there is no such node. */
ic_table_node *ic_table_find(const ic_table *table, const char *key);
ic_table_node *ic_table_find_number(const ic_table *table, size_t number);
/* Frees the chains, not the nodes. */
void ic_table_free(ic_table *table);

#endif
