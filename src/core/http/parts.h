/* The files of one call, in the order in which its body names them. */
#ifndef IC_PARTS_H
#define IC_PARTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_part {
    char *path;         /* read while it is sent; NULL when `data` holds the bytes */
    char *data;         /* owned; may hold any bytes */
    size_t length;      /* of data */
    char *filename;     /* sent as the part's filename; never NULL */
    char *content_type; /* never NULL: given, or from the filename's extension */
    char *name;         /* the multipart part's name, by which the JSON refers to it; NULL: it does not */
} ic_part;

typedef struct ic_parts {
    ic_part *items; /* owned */
    size_t count;
} ic_parts;

/* Adds a file and returns its index, or -1 without memory. Exactly one of path and data is given; all text
 * is copied. A NULL filename becomes the path's last segment ("file" for data), a NULL content type follows
 * from the filename's extension ("application/octet-stream" when unknown). */
long ic_parts_add(ic_parts *parts, const char *path, const char *data, size_t length, const char *filename,
                  const char *content_type);
void ic_parts_free(ic_parts *parts);
const char *ic_content_type_of(const char *filename);

#endif
