#include "core/http/parts.h"
#include "core/base/alloc.h"
#include "core/base/path.h"
#include "core/base/text.h"
#include <string.h>

/* From IANA's media type registry; `msg` and `rtf` as mail programs send them. */
static const struct {
    const char *extension, *type;
} parts_types[] = {
    {"pdf", "application/pdf"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"csv", "text/csv"},
    {"txt", "text/plain"},
    {"json", "application/json"},
    {"xml", "application/xml"},
    {"html", "text/html"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"eml", "message/rfc822"},
    {"msg", "application/vnd.ms-outlook"},
    {"rtf", "application/rtf"},
    {"zip", "application/zip"},
};

static const char *parts_last_segment(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *ic_content_type_of(const char *filename) {
    const char *name = parts_last_segment(filename), *dot = strrchr(name, '.');
    if (dot && dot != name) {
        for (size_t i = 0; i < sizeof parts_types / sizeof *parts_types; i++)
            if (ic_text_same(dot + 1, parts_types[i].extension)) return parts_types[i].type;
    }
    return "application/octet-stream";
}

static void parts_free_item(ic_part *part) {
    ic_free(part->path);
    ic_free(part->data);
    ic_free(part->filename);
    ic_free(part->content_type);
    ic_free(part->name);
}

long ic_parts_add(ic_parts *parts, const char *path, const char *data, size_t length, const char *filename,
                  const char *content_type) {
    ic_part *items = ic_realloc(parts->items, (parts->count + 1) * sizeof *items);
    if (!items) return -1;
    parts->items = items;

    if (!filename) filename = path ? parts_last_segment(path) : "file";
    if (!*filename) filename = "file";
    if (!content_type) content_type = ic_content_type_of(filename);
    ic_part part = {
        .path = path ? ic_path_here(path) : NULL,
        .data = path ? NULL : ic_malloc(length),
        .length = path ? 0 : length,
        .filename = ic_strdup(filename),
        .content_type = ic_strdup(content_type),
    };
    if ((!part.path && !part.data) || !part.filename || !part.content_type) {
        parts_free_item(&part);
        return -1;
    }
    if (part.length) memcpy(part.data, data, length);
    items[parts->count] = part;
    return (long)parts->count++;
}

void ic_parts_free(ic_parts *parts) {
    for (size_t i = 0; i < parts->count; i++)
        parts_free_item(&parts->items[i]);
    ic_free(parts->items);
    *parts = (ic_parts){0};
}
