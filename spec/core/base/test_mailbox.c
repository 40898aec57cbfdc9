/* The mailbox: order, notices, its descriptor, and closing. */
#include "core/base/alloc.h"
#include "core/base/mailbox.h"
#include "core/base/process.h"
#include "spec/core/check.h"

enum { URGENT = 4 };

/* An object with a node; only the node is in the queue. */
typedef struct item {
    ic_mailbox_node node; /* first, so that a node is its item */
    int held;
    unsigned dropped; /* the notices that it was dropped with */
} item;

static void retain(ic_mailbox_node *node) {
    ((item *)node)->held++;
}

static void drop(ic_mailbox_node *node, unsigned notices) {
    ((item *)node)->held--;
    ((item *)node)->dropped = notices;
}

static const ic_mailbox_hooks hooks = {.retain = retain, .drop = drop, .urgent = URGENT};

static bool is_readable(ic_mailbox *mailbox) {
    return ic_mailbox_wait(mailbox, 0) == 1;
}

static void test_order(void) {
    ic_mailbox *mailbox = ic_mailbox_new(&hooks, NULL);
    item items[3] = {0};
    unsigned notices;
    if (!CHECK(mailbox != NULL)) return;
    CHECK(!is_readable(mailbox) && !ic_mailbox_take(mailbox, &notices) && notices == 0);
    for (int i = 0; i < 3; i++)
        CHECK(ic_mailbox_post(mailbox, &items[i].node, 1) && is_readable(mailbox));
    CHECK(ic_mailbox_post(mailbox, &items[0].node, 2)); /* it keeps its place, and is held once */
    for (int i = 0; i < 3; i++) {
        CHECK(is_readable(mailbox) && items[i].held == 1);
        CHECK(ic_mailbox_take(mailbox, &notices) == &items[i].node && notices == (i == 0 ? 3 : 1));
    }
    CHECK(!is_readable(mailbox));
    CHECK(ic_mailbox_post(mailbox, &items[1].node, 8)); /* what was taken can be posted again */
    CHECK(ic_mailbox_take(mailbox, &notices) == &items[1].node && notices == 8 && items[1].held == 2);
    ic_mailbox_release(mailbox);
}

/* A node is taken by itself only if it is alone and has only the notices that its reader expects. */
static void test_take_only(void) {
    ic_mailbox *mailbox = ic_mailbox_new(&hooks, NULL);
    item items[2] = {0};
    unsigned notices;
    if (!CHECK(mailbox != NULL)) return;
    CHECK(!ic_mailbox_take_only(mailbox, &items[0].node, 1));
    ic_mailbox_post(mailbox, &items[0].node, 1);
    ic_mailbox_post(mailbox, &items[1].node, 2);
    for (int i = 0; i < 2; i++) /* not alone, whether it is the first or the last */
        CHECK(!ic_mailbox_take_only(mailbox, &items[i].node, i == 0 ? 1 : 2));
    CHECK(ic_mailbox_take(mailbox, &notices) == &items[0].node && notices == 1);
    CHECK(!ic_mailbox_take_only(mailbox, &items[1].node, 1)); /* other notices */
    CHECK(is_readable(mailbox));
    CHECK(ic_mailbox_take_only(mailbox, &items[1].node, 2) && items[1].held == 1);
    CHECK(!is_readable(mailbox) && !ic_mailbox_take(mailbox, &notices));
    ic_mailbox_post(mailbox, &items[1].node, URGENT);
    CHECK(ic_mailbox_take_only(mailbox, &items[1].node, URGENT) && !ic_mailbox_is_urgent(mailbox));
    ic_mailbox_release(mailbox);
}

static void test_urgent(void) {
    ic_mailbox *mailbox = ic_mailbox_new(&hooks, NULL);
    item items[2] = {0};
    unsigned notices;
    if (!CHECK(mailbox != NULL)) return;
    CHECK(ic_mailbox_post(mailbox, &items[0].node, 1) && !ic_mailbox_is_urgent(mailbox));
    CHECK(ic_mailbox_post(mailbox, &items[1].node, URGENT) && ic_mailbox_is_urgent(mailbox));
    CHECK(ic_mailbox_post(mailbox, &items[0].node, URGENT)); /* in the queue already */
    CHECK(ic_mailbox_post(mailbox, &items[0].node, URGENT)); /* counts once */
    CHECK(ic_mailbox_take(mailbox, &notices) && notices == (1 | URGENT) && ic_mailbox_is_urgent(mailbox));
    CHECK(ic_mailbox_take(mailbox, &notices) && notices == URGENT && !ic_mailbox_is_urgent(mailbox));
    ic_mailbox_release(mailbox);
}

/* An urgent node is left to a reader that is prepared for it. The other nodes before it are taken. */
static void test_take_unless_urgent(void) {
    ic_mailbox *mailbox = ic_mailbox_new(&hooks, NULL);
    item items[2] = {0};
    unsigned notices = 77;
    if (!CHECK(mailbox != NULL)) return;
    CHECK(!ic_mailbox_take_unless_urgent(mailbox, &notices) && notices == 0);
    ic_mailbox_post(mailbox, &items[0].node, 1);
    ic_mailbox_post(mailbox, &items[1].node, URGENT);
    CHECK(ic_mailbox_take_unless_urgent(mailbox, &notices) == &items[0].node && notices == 1);
    for (int i = 0; i < 2; i++)
        CHECK(!ic_mailbox_take_unless_urgent(mailbox, &notices) && notices == URGENT && is_readable(mailbox));
    CHECK(ic_mailbox_is_urgent(mailbox) && items[1].held == 1);
    CHECK(ic_mailbox_take(mailbox, &notices) == &items[1].node && notices == URGENT);
    CHECK(!ic_mailbox_take_unless_urgent(mailbox, &notices) && notices == 0 && !is_readable(mailbox));
    ic_mailbox_release(mailbox);
}

static void test_closing(void) {
    ic_mailbox *mailbox = ic_mailbox_new(&hooks, NULL);
    item items[2] = {0};
    unsigned notices;
    if (!CHECK(mailbox != NULL)) return;
    ic_mailbox_add_unsaved(mailbox, 1);
    CHECK(ic_mailbox_has_unsaved(mailbox));
    ic_mailbox_add_unsaved(mailbox, -1);
    CHECK(!ic_mailbox_has_unsaved(mailbox));
    CHECK(ic_mailbox_post(mailbox, &items[0].node, 1 | URGENT));
    ic_mailbox_retain(mailbox);
    ic_mailbox_close(mailbox);
    CHECK(items[0].held == 0 && items[0].dropped == (1 | URGENT) && !ic_mailbox_is_urgent(mailbox));
    CHECK(!ic_mailbox_post(mailbox, &items[1].node, 1) && items[1].held == 0);
    CHECK(!ic_mailbox_take(mailbox, &notices) && ic_mailbox_descriptor(mailbox) == -1);
    ic_mailbox_close(mailbox); /* again: does nothing */
    ic_mailbox_release(mailbox);
    ic_mailbox_release(mailbox);
}

int main(void) {
    CHECK(ic_process_prepare());
    test_order();
    long before = ic_alloc_live(); /* the process's table of descriptors stays */
    test_take_only();
    test_take_unless_urgent();
    test_urgent();
    test_closing();
    CHECK(ic_alloc_live() == before);
    return check_done("mailbox");
}
