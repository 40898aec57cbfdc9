/* SCIM filters (RFC 7644, 3.4.2.2), parsed once and then evaluated for each resource; and the paths of PATCH
 * (3.5.2), which may contain a filter. */
#ifndef IC_SANDBOX_SCIM_FILTER_H
#define IC_SANDBOX_SCIM_FILTER_H

#include "sandbox/directory/scim_schema.h"

typedef struct ic_scim_filter ic_scim_filter;

/* NULL: `error` says what is wrong, or is "" when there is no memory. The text need not outlive the call. */
ic_scim_filter *ic_scim_filter_parse(const ic_scim_kind *kind, const char *text, char *error, size_t size);
bool ic_scim_filter_matches(const ic_scim_filter *filter, cJSON *resource);
void ic_scim_filter_free(ic_scim_filter *filter);

/* A target of PATCH: `emails[type eq "work"].value`. */
typedef struct ic_scim_target {
    ic_scim_path path;
    ic_scim_filter *filter; /* selects values of the attribute; NULL: all; owned */
} ic_scim_target;

/* Parses a target. false: see `error`, as above. The caller frees target->filter in both cases. */
bool ic_scim_target_parse(const ic_scim_kind *kind, const char *text, ic_scim_target *target, char *error,
                          size_t size);

#endif
