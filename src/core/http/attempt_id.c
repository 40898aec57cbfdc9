/* A UUID of version 8 (RFC 9562, 5.8): the random bits are drawn once, and the last 32 bits are a counter. */
#include "core/http/attempt_id.h"
#include "core/base/alloc.h"
#include "core/base/process.h"
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define PREFIX 28 /* characters before the count */

/* The engine's thread only. A forked child draws a new prefix. */
static struct {
    unsigned generation; /* of the process that has drawn the prefix */
    unsigned long count;
    char prefix[PREFIX + 1]; /* "": not drawn yet */
} attempt_ids;

static bool attempt_id_draw(void) {
    unsigned char b[12];
    if (RAND_bytes(b, (int)sizeof b) != 1) return false;
    b[6] = (unsigned char)(0x80 | (b[6] & 0x0f)); /* the version */
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f)); /* the variant */
    snprintf(attempt_ids.prefix, sizeof attempt_ids.prefix,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5], b[6],
             b[7], b[8], b[9], b[10], b[11]);
    attempt_ids.generation = ic_process_generation();
    return true;
}

static char *attempt_id_next(void) {
    bool drawn = *attempt_ids.prefix && attempt_ids.generation == ic_process_generation();
    char *id = drawn || attempt_id_draw() ? ic_malloc(IC_ATTEMPT_ID_LENGTH + 1) : NULL;
    if (!id) return NULL;
    unsigned long rest = attempt_ids.count++;
    memcpy(id, attempt_ids.prefix, PREFIX);
    for (size_t i = IC_ATTEMPT_ID_LENGTH; i-- > PREFIX; rest >>= 4)
        id[i] = "0123456789abcdef"[rest & 15];
    id[IC_ATTEMPT_ID_LENGTH] = '\0';
    return id;
}

char *ic_attempt_id_new(const ic_request *request, bool foreign) {
    if (foreign) return NULL;
    const char *given = ic_request_header(request, IC_ATTEMPT_ID_HEADER);
    return given ? ic_strdup(given) : attempt_id_next();
}
