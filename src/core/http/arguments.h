/* What the caller gives for a request. */
#ifndef IC_ARGUMENTS_H
#define IC_ARGUMENTS_H

#include "core/http/parts.h"
#include "core/json/json.h"

/* All trees are objects. They are borrowed, and building may change them; the parts are moved to the request.
 * Members of `body` may be raw JSON (body.h), and so may the whole body of a raw request. */
typedef struct ic_arguments {
    const char *path[4];
    size_t path_length[4];
    size_t path_count;
    cJSON *query, *body, *files;     /* NULL: not given; files: name of a part -> file */
    cJSON *extra_query, *extra_body; /* sent unchecked */
    cJSON *headers;                  /* name -> text */
    ic_parts *parts;                 /* the files that the trees refer to */
} ic_arguments;

#endif
