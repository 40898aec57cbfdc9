/* The body of a request: JSON, or multipart when it holds files. */
#ifndef IC_BODY_H
#define IC_BODY_H

#include "core/http/arguments.h"
#include "core/http/request.h"

/* Checks the arguments' body against the catalog and sets request->body or request->form. Moves the files
 * from the arguments to the request. False with ARGUMENT (the message names the field) or MEMORY. */
bool ic_body_build(const ic_operation *operation, ic_arguments *arguments, ic_request *request,
                   ic_error *error);

/* Whether building reads the value of this field, which must then be a tree. Other fields may be raw JSON. */
bool ic_body_reads(const ic_operation *operation, const char *name);

#endif
