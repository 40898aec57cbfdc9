/* What entities and obligations have in common: a name, a type that the company defines, properties, and two
 * ids. */
#ifndef IC_SANDBOX_ITEMS_H
#define IC_SANDBOX_ITEMS_H

#include "sandbox/http/exchange.h"

/* A relationship type of entities, or a type of obligations. */
typedef struct ic_item_type {
    ic_uuid id;
    char *key, *display_name, *description;
    cJSON *properties; /* key -> {id, type, displayName, description, required} */
} ic_item_type;

typedef struct ic_item {
    ic_uuid id;
    ic_readable_id readable;
    unsigned number; /* of `readable`: the order of creation */
    char *name;
    const ic_item_type *type; /* NULL: none */
    cJSON *properties;        /* key -> {type, value} */
    ic_time updated;
} ic_item;

/* One of the two kinds of items. */
typedef struct ic_item_kind {
    const char *prefix;     /* of readable ids: "ENTITY" */
    const char *type_field; /* of a body: "relationshipTypeKey" */
    size_t items, types;    /* offsets of their lists in ic_company */
    size_t last;            /* offset of the last number */
    cJSON *(*view)(const ic_company *company, const ic_item *item);
    ic_formula_type property_type; /* for formulas; its context is the exchange */
    ic_formula_get property_value; /* likewise, of an ic_item */
} ic_item_kind;

/* A change of an item, read and checked as a whole before any of it is made. */
typedef struct ic_item_change {
    const char *name;         /* NULL: unchanged; owned by the body */
    const ic_item_type *type; /* NULL: unchanged */
    cJSON *properties;        /* the new value of all properties; owned */
} ic_item_change;

/* By either id. NULL: not found. */
ic_item *ic_item_find(const ic_array *items, const char *id);
/* The item in the path. NULL: not found, and answered with 404. */
ic_item *ic_exchange_item(ic_exchange *x, const ic_item_kind *kind);
/* Answers the requested page of the kind's items, by the query's filter, sortField and sortDirection. */
void ic_items_reply_list(ic_exchange *x, const ic_item_kind *kind);

/* Reads the name, the type, and `properties` of a body, or `addProperties` and `removeProperties`. false:
 * answered with an error. Free the change in both cases. */
bool ic_item_read_all(ic_exchange *x, const ic_item_kind *kind, ic_item_change *change);
bool ic_item_read_some(ic_exchange *x, const ic_item_kind *kind, ic_item_change *change, const ic_item *item);
void ic_item_change_free(ic_item_change *change);
/* Makes the change. false: no memory, and nothing has changed. */
bool ic_item_change_apply(const ic_company *company, ic_item *item, ic_item_change *change);

/* Gives the item its ids and adds it to the items of its kind. false: no memory. */
bool ic_item_add(ic_company *company, const ic_item_kind *kind, ic_item *item);
void ic_item_remove(ic_company *company, const ic_item_kind *kind, const ic_item *item);
void ic_item_clear(ic_item *item); /* frees what it holds */
/* id, ironcladId, name, lastUpdated, properties, namedTypeIds */
void ic_item_put(cJSON *view, const ic_item *item);

/* The type of a property, from the first item type that has it. NULL: none has it. */
const char *ic_item_property_type(const ic_array *types, const char *property);
/* The type and value that a formula reads from an item: name, readableId, lastUpdated, a property. */
const char *ic_item_formula_type(const ic_array *types, const char *property);
cJSON *ic_item_formula_value(const void *item, const char *property);
ic_item_type *ic_item_type_find(const ic_array *types, const char *key);
void ic_item_type_free(ic_item_type *type);

#endif
