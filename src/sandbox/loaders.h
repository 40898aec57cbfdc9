/* Reading a fixture document: load.c has the frame, and each section its function, which reads one item. */
#ifndef IC_SANDBOX_LOADERS_H
#define IC_SANDBOX_LOADERS_H

#include "world.h"

/* Loading one document. After the first fault the rest is skipped. */
typedef struct ic_loader {
    ic_world *world;
    bool failed;
    char *error; /* of `size` bytes: what is wrong, the first time something is */
    size_t size;
} ic_loader;

bool ic_loader_fail(ic_loader *load, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* false */
bool ic_loader_no_memory(ic_loader *load); /* false */
/* The user with that e-mail; NULL after a fault. */
ic_user *ic_loader_user(ic_loader *load, const char *email);

void ic_load_workflow(ic_loader *load, const cJSON *source);
void ic_load_record(ic_loader *load, const cJSON *source);
void ic_load_contract(ic_loader *load, const cJSON *source);
void ic_load_profile(ic_loader *load, const cJSON *source);
void ic_load_group(ic_loader *load, const cJSON *source);
void ic_load_webhook(ic_loader *load, const cJSON *source);
void ic_load_relationship_type(ic_loader *load, const cJSON *source);
void ic_load_entity(ic_loader *load, const cJSON *source);
void ic_load_obligation_type(ic_loader *load, const cJSON *source);
void ic_load_obligation(ic_loader *load, const cJSON *source); /* after the records */

/* A template's "signing": {provider, routing: "sequential" | "parallel", recordType, signers: [{roleName,
 * user | nameFrom, emailFrom}]}; the latter two name attributes of the launch form. */
void ic_load_signing(ic_loader *load, ic_template *template, const cJSON *source);
/* Brings a workflow that has been loaded beyond Review to where it stands. Its "signing" is {sent, signed:
 * [roleName], viewed: [roleName], sendInDays, reminderDays}. */
void ic_load_packet(ic_loader *load, ic_workflow *workflow, const cJSON *source);
/* A workflow's "emails", oldest first. One that came in is {from: {name, email, company}, subject, body,
 * daysAgo, attachments: [filename]}, one that went out {from: a user's e-mail, to: [e-mail], cc, subject,
 * body, daysAgo, opened: bool, documents: [filename of the workflow's]}. The turns follow from them. */
void ic_load_emails(ic_loader *load, ic_workflow *workflow, const cJSON *source);

/* The time that many days before now; now when source[name] is no number of days. */
ic_time ic_load_days_ago(const ic_world *world, const cJSON *source, const char *name);

/* Pieces of the document that is built in, each with a comma at its end. */
extern const char ic_fixture_directory[], ic_fixture_entity_types[], ic_fixture_entities[],
    ic_fixture_obligations[], ic_fixture_designs[], ic_fixture_contracts[], ic_fixture_orders[],
    ic_fixture_records[];

#endif
