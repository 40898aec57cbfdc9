/* Sections of a fixture document that are read apart from load.c. Each function reads one item of its
 * section; false: `error` says why not. */
#ifndef IC_SANDBOX_LOADERS_H
#define IC_SANDBOX_LOADERS_H

#include "world.h"

bool ic_load_profile(ic_world *world, const cJSON *source, char *error, size_t size);
bool ic_load_group(ic_world *world, const cJSON *source, char *error, size_t size);
bool ic_load_webhook(ic_world *world, const cJSON *source, char *error, size_t size);

bool ic_load_relationship_type(ic_world *world, const cJSON *source, char *error, size_t size);
bool ic_load_entity(ic_world *world, const cJSON *source, char *error, size_t size);
bool ic_load_obligation_type(ic_world *world, const cJSON *source, char *error, size_t size);
bool ic_load_obligation(ic_world *world, const cJSON *source, char *error,
                        size_t size); /* after the records */

/* Both say why in `error`, and are false. */
bool ic_load_fail(char *error, size_t size, const char *what, const char *name);
bool ic_load_no_memory(char *error, size_t size);
/* The time that many days before now; now when source[name] is no number of days. */
ic_time ic_load_days_ago(const ic_world *world, const cJSON *source, const char *name);

/* Pieces of the document that is built in, each with a comma at its end. */
extern const char ic_fixture_directory[], ic_fixture_entity_types[], ic_fixture_entities[],
    ic_fixture_obligations[];

#endif
