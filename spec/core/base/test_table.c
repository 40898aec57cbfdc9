/* The hash table against what was put into it, also while memory fails. */
#include "core/base/alloc.h"
#include "core/base/table.h"
#include "spec/core/check.h"
#include <stdbool.h>
#include <stdio.h>

#define COUNT 5000

typedef struct thing {
    ic_table_node node;
    char key[16];
} thing;

static thing things[COUNT];

static void test_texts(bool memory) {
    ic_table table = {0};
    long before = ic_alloc_live();
    CHECK(!ic_table_find(&table, ""));
    if (!memory) ic_alloc_fail_at(1);
    size_t count = memory ? COUNT : 50;
    for (size_t i = 0; i < count; i++) {
        snprintf(things[i].key, sizeof things[i].key, "%zu", i);
        CHECK(!ic_table_find(&table, things[i].key));
        ic_table_add(&table, &things[i].node, things[i].key);
    }
    ic_alloc_fail_at(0);
    for (size_t i = 0; i < count; i += 2)
        ic_table_remove(&table, &things[i].node);
    for (size_t i = 0; i < count; i++)
        CHECK(ic_table_find(&table, things[i].key) == (i % 2 ? &things[i].node : NULL));
    CHECK(table.count == count / 2);
    ic_table_free(&table);
    CHECK(ic_alloc_live() == before);
}

/* Numbers that differ in their high bits alone are found, and the chains stay short. */
static void test_numbers(void) {
    ic_table table = {0};
    for (size_t i = 0; i < COUNT; i++)
        ic_table_add_number(&table, &things[i].node, i << 20);
    for (size_t i = 0; i < COUNT; i++)
        CHECK(ic_table_find_number(&table, i << 20) == &things[i].node);
    CHECK(!ic_table_find_number(&table, 1));
    size_t longest = 0;
    for (size_t i = 0; i < table.size; i++) {
        size_t length = 0;
        for (ic_table_node *node = table.chains[i]; node; node = node->next)
            length++;
        if (length > longest) longest = length;
    }
    CHECK(longest <= 16);
    ic_table_free(&table);
}

int main(void) {
    test_texts(true);
    test_texts(false);
    test_numbers();
    return check_done("table");
}
