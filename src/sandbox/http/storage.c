#include "sandbox/http/storage.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/_storage/"

/* --- links --- */

typedef char signature[2 * EVP_MAX_MD_SIZE + 1];

/* Signs the path and its time with a key that only this company has. */
static bool storage_sign(const ic_company *company, const char *path, const char *expires, signature hex) {
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    ic_buf text = {0};
    ic_buf_printf(&text, "%s\n%s", path, expires);
    bool signed_ = !text.failed && HMAC(EVP_sha256(), company->storage_key, (int)strlen(company->storage_key),
                                        (const unsigned char *)text.data, text.length, code, &length) != NULL;
    ic_buf_free(&text);
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", code[i]);
    return signed_;
}

char *ic_storage_link(const ic_company *company, const char *kind, const char *name, const char *part,
                      ic_time expires) {
    ic_buf path = {0}, url = {0};
    char time[24];
    signature proof;
    snprintf(time, sizeof time, "%" PRId64, expires);
    ic_buf_printf(&path, FOLDER "%s/%s/%s", kind, name, part);
    if (!path.failed && storage_sign(company, ic_buf_text(&path), time, proof))
        ic_buf_printf(&url, "%s%s?expires=%s&signature=%s", company->storage_url, ic_buf_text(&path), time,
                      proof);
    char *link = ic_buf_take(&url, NULL);
    ic_buf_free(&path);
    ic_buf_free(&url);
    return link;
}

/* --- answers --- */

/* Whether the sandbox has made the link and it is still valid; otherwise answers 403. */
static bool storage_check_link(ic_exchange *x) {
    const char *expires = ic_exchange_query(x, "expires"), *given = ic_exchange_query(x, "signature");
    signature proof;
    if (!expires || !given || !storage_sign(x->company, x->path, expires, proof) ||
        strlen(given) != strlen(proof) || CRYPTO_memcmp(given, proof, strlen(proof)) != 0)
        ic_reply_error(x, 403, "FORBIDDEN", "signature", "the signature is not the link's");
    else if (strtoimax(expires, NULL, 10) <= ic_company_now(x->company))
        ic_reply_error(x, 403, "FORBIDDEN", "expires", "the link has expired");
    else
        return true;
    return false;
}

/* The path is signed, so it has the form of a link. */
static ic_stored_file storage_find(const ic_exchange *x, const ic_storage_kind *kinds) {
    char kind[32], name[64], part[64];
    ic_stored_file none = {0};
    if (sscanf(x->path, FOLDER "%31[^/]/%63[^/]/%63[^/]", kind, name, part) != 3) return none;
    for (; kinds->name; kinds++)
        if (strcmp(kinds->name, kind) == 0) return kinds->find(x->company, name, part);
    return none;
}

void ic_storage_answer(ic_exchange *x, const ic_storage_kind *kinds) {
    if (ic_exchange_header(x, "Authorization")) {
        ic_reply_error(x, 400, "INVALID_PARAM", "Authorization",
                       "a signed link is fetched without a token: this is another company's host");
        return;
    }
    if (strcmp(x->verb, "GET") != 0 || !ic_text_starts(x->path, FOLDER)) {
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "nothing here");
        return;
    }
    if (!storage_check_link(x)) return;
    ic_stored_file found = storage_find(x, kinds);
    if (found.bytes)
        ic_reply_download(x, found.bytes, found.media_type, found.filename);
    else
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "the file has been deleted");
}
