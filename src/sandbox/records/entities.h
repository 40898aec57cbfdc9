/* Entities: the companies and people that contracts are made with. */
#ifndef IC_SANDBOX_ENTITIES_H
#define IC_SANDBOX_ENTITIES_H

#include "sandbox/records/items.h"

typedef struct ic_entity {
    ic_item item;
    const char *status; /* static: "ACTIVE", "INACTIVE" */
    struct ic_entity *parent;
} ic_entity;

extern const ic_item_kind ic_entities;

ic_entity *ic_company_entity(const ic_company *company, const char *id); /* by either id; NULL: none */
void ic_entity_free(ic_entity *entity);
/* Adds to the value of a reference property, {recordId}, what hydrateEntities shows of its entity:
 * namedTypeIds, readableId, attributes. Does nothing if there is no such entity. */
void ic_entity_hydrate(const ic_company *company, cJSON *value);
/* Frees all entities of the company and their types. */
void ic_entities_free(ic_company *company);

#endif
