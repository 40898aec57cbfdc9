/* SCIM's schemas as Ironclad publishes them: the attributes of users and groups, and paths to them. Sources:
 * RFC 7643, and the SCIM document. */
#ifndef IC_SANDBOX_SCIM_SCHEMA_H
#define IC_SANDBOX_SCIM_SCHEMA_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define IC_SCIM_USER       "urn:ietf:params:scim:schemas:core:2.0:User"
#define IC_SCIM_GROUP      "urn:ietf:params:scim:schemas:core:2.0:Group"
#define IC_SCIM_ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define IC_SCIM_IRONCLAD   "urn:ietf:params:scim:schemas:extension:ironclad:2.0:User"
#define IC_SCIM_PATCH      "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#define IC_SCIM_LIST       "urn:ietf:params:scim:api:messages:2.0:ListResponse"

typedef enum ic_scim_type {
    IC_SCIM_STRING,
    IC_SCIM_BOOLEAN,
    IC_SCIM_DATE_TIME,
    IC_SCIM_REFERENCE,
    IC_SCIM_COMPLEX
} ic_scim_type;

/* Bits of ic_scim_attribute.flags. */
enum {
    IC_SCIM_MULTI = 1, /* an array */
    IC_SCIM_REQUIRED = 2,
    IC_SCIM_EXACT = 4, /* compared case-sensitively */
    IC_SCIM_READ_ONLY = 8,
    IC_SCIM_IMMUTABLE = 16,
    IC_SCIM_UNIQUE = 32,
    IC_SCIM_ALWAYS = 64,     /* returned even when excluded */
    IC_SCIM_WRITE_ONLY = 128 /* never returned, and not available to filters */
};

typedef struct ic_scim_attribute {
    const char *name; /* NULL ends a list */
    ic_scim_type type;
    unsigned flags;
    const char *description;              /* NULL: the service has it, but publishes it in no schema */
    const struct ic_scim_attribute *subs; /* of a complex one */
} ic_scim_attribute;

typedef struct ic_scim_schema {
    const char *id, *name, *description;
    const ic_scim_attribute *attributes;
    bool extension; /* its attributes are in a member named `id` */
} ic_scim_schema;

/* "User" or "Group": its schemas, the core one first. */
typedef struct ic_scim_kind {
    const char *name, *plural;
    const ic_scim_schema *schemas;
    size_t schema_count;
} ic_scim_kind;

extern const ic_scim_kind ic_scim_users, ic_scim_groups;

/* Where an attribute is: in the resource itself, or in its member `extension`. */
typedef struct ic_scim_path {
    const char *extension;              /* NULL: the resource itself */
    const ic_scim_attribute *attribute; /* NULL: the extension as a whole */
    const ic_scim_attribute *sub;       /* NULL: the attribute as a whole */
} ic_scim_path;

/* Parses `length` bytes: [schema ":"] name ["." sub]; names ignore case. With `within`, names are
 * sub-attributes of that complex attribute. false: no such attribute. */
bool ic_scim_path_parse(const ic_scim_kind *kind, const ic_scim_attribute *within, const char *text,
                        size_t length, ic_scim_path *path);
const ic_scim_attribute *ic_scim_find(const ic_scim_attribute *list, const char *name, size_t length);
/* The object that holds path->attribute (or the whole extension); NULL: the resource has none. */
cJSON *ic_scim_holder(const ic_scim_path *path, cJSON *resource);
/* A copy of the value as the attribute stores it: sub-attributes have the schema's spelling, unknown ones are
 * left out, and booleans may be "true" or "false". For a multi-valued attribute, one element. NULL: it does
 * not fit, or no memory. */
cJSON *ic_scim_accept(const ic_scim_attribute *attribute, const cJSON *value);
/* Removes the comma-separated attributes in `list` from the resource; ignores unknown ones. */
void ic_scim_exclude(const ic_scim_kind *kind, cJSON *resource, const char *list);

#endif
