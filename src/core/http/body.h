/* The body of a request: checked against the catalog; JSON, or multipart when it holds files. */
#ifndef IC_BODY_H
#define IC_BODY_H

#include "core/http/request.h"

/* Fills request->body or request->form and moves the files. */
bool ic_body_build(const ic_operation *operation, ic_arguments *arguments, ic_request *request,
                   ic_error *error);

/* Whether the value of that field of the body is looked into: it must be a tree; others may be raw JSON. */
bool ic_body_reads(const ic_operation *operation, const char *name);

#endif
