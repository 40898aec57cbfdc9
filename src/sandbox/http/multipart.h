/* Reads a multipart/form-data body (RFC 7578) piece by piece. The sink decides what is done with the
 * fields. */
#ifndef IC_SANDBOX_MULTIPART_H
#define IC_SANDBOX_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_multipart ic_multipart;

/* Called once at the start of each part, with no data, and then for its data. `name` and `filename` are set
 * at the start only; filename NULL: the part is not a file. false ends the reading. */
typedef bool (*ic_multipart_sink)(void *context, const char *name, const char *filename, const char *data,
                                  size_t size);

/* Starts reading a body with this Content-Type. NULL: it has no usable boundary, or there is no memory. */
ic_multipart *ic_multipart_new(const char *content_type, ic_multipart_sink sink, void *context);
/* false: the body is malformed, the sink has returned false, or there is no memory. */
bool ic_multipart_add(ic_multipart *reader, const char *data, size_t size);
/* Whether the body has ended with its closing boundary. */
bool ic_multipart_is_complete(const ic_multipart *reader);
void ic_multipart_free(ic_multipart *reader);

#endif
