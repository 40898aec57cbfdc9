/* The files that one call sends, in the order in which its body names them. */
#ifndef IC_PARTS_H
#define IC_PARTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_part {
    char *path;         /* owned; the file is read while it is sent; NULL: `data` holds the bytes */
    char *data;         /* owned; may hold any bytes */
    size_t length;      /* of data, in bytes */
    char *filename;     /* owned; never NULL */
    char *content_type; /* owned; never NULL */
    char *name;         /* owned; of the part, when the JSON refers to it by name; NULL: it does not */
} ic_part;

typedef struct ic_parts {
    ic_part *items; /* owned */
    size_t count;
} ic_parts;

/* Adds a file and returns its index, or -1 when out of memory. Exactly one of `path` and `data` must be
 * given. All of it is copied, and the path made absolute. The default filename is the last segment of the
 * path, or "file". The default content type follows from the filename's extension. */
long ic_parts_add(ic_parts *parts, const char *path, const char *data, size_t length, const char *filename,
                  const char *content_type);
void ic_parts_free(ic_parts *parts);
/* The media type for a filename's extension, static; "application/octet-stream" when it is unknown. */
const char *ic_content_type_of(const char *filename);

#endif
