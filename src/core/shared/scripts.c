/* The table of Redis's scripts, and their digests. */
#include "core/shared/scripts.h"
#include <openssl/evp.h>
#include <stdio.h>

ic_script ic_script_of(ic_script_id id) {
    static const ic_script scripts[] = {
#define SCRIPT(constant, keys, text) [IC_SCRIPT_##constant] = {text, sizeof text - 1, keys},
#include "core/shared/scripts.def"
#undef SCRIPT
    };
    return scripts[id];
}

bool ic_script_digest(const ic_script *script, char hex[IC_SHA1_HEX]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!EVP_Digest(script->text, script->length, digest, &length, EVP_sha1(), NULL)) return false;
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return true;
}
