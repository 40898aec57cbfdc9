#include "core/json/json_scan.h"
#include <stdio.h>

const unsigned char *ic_json_refuse(ic_json_scan *scan, const unsigned char *at, const char *expected) {
    char found[32] = "the end";
    if (at < scan->end) snprintf(found, sizeof found, *at > ' ' && *at < 127 ? "'%c'" : "byte 0x%02X", *at);
    ic_error_set(scan->error, IC_ERR_PROTOCOL, "invalid JSON: expected %s, found %s at byte %zu", expected,
                 found, (size_t)(at - scan->start) + 1);
    return NULL;
}

bool ic_json_too_long(ic_error *error) {
    ic_error_set(error, IC_ERR_TOO_LARGE, "JSON of more than %llu bytes",
                 (unsigned long long)IC_TAPE_OFFSET_MAX);
    return false;
}

bool ic_json_add_text(ic_json_scan *scan, uint64_t bits, size_t offset, size_t length) {
    if (offset > IC_TAPE_OFFSET_MAX) return ic_json_too_long(scan->error);
    bool apart = length >= IC_TAPE_LENGTH_MASK;
    uint64_t field = apart ? IC_TAPE_LENGTH_MASK : length;
    ic_json_add(scan, bits | field << IC_TAPE_LENGTH_SHIFT | (uint64_t)offset << IC_TAPE_OFFSET_SHIFT);
    if (apart) ic_json_add(scan, length);
    return true;
}
