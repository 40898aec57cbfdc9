#include "sandbox/webhooks/signature.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "sandbox/base/build.h"
#include "sandbox/webhooks/outbox.h"
#include "sandbox/webhooks/webhook_key.h"
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#define SIGNATURE_MAX 512 /* bytes; those of a key of 2048 bits have 256 */

/* As Ironclad writes the algorithm, and OpenSSL's name of its digest. */
static const struct algorithm {
    const char *name, *digest;
} algorithms[] = {
    {"sha256", "SHA256"},     {"sha384", "SHA384"},     {"sha512", "SHA512"},     {"sha1", "SHA1"},
    {"RSA-SHA256", "SHA256"}, {"RSA-SHA384", "SHA384"}, {"RSA-SHA512", "SHA512"}, {"RSA-SHA1", "SHA1"},
};

static const struct algorithm *signature_find_algorithm(const char *name) {
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (ic_text_same(algorithms[i].name, name)) return &algorithms[i];
    return NULL;
}

const char *ic_signature_algorithm(const char *name) {
    const struct algorithm *known = signature_find_algorithm(name);
    return known ? known->name : NULL;
}

/* --- signing --- */

typedef struct signature {
    unsigned char bytes[SIGNATURE_MAX];
    size_t length; /* 0: no memory */
} signature;

/* `text` may be NULL: no memory. */
static signature signature_of(EVP_PKEY *key, const char *algorithm, const char *text) {
    signature made = {.length = SIGNATURE_MAX};
    const EVP_MD *digest = EVP_get_digestbyname(signature_find_algorithm(algorithm)->digest);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!(key && text && context && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
          EVP_DigestSign(context, made.bytes, &made.length, (const unsigned char *)text, strlen(text)) == 1))
        made.length = 0;
    EVP_MD_CTX_free(context);
    return made;
}

static signature signature_make(EVP_PKEY *key, const ic_delivery *delivery) {
    ic_buf text = {0};
    ic_buf_printf(&text, "%s%s%s", delivery->event_id,
                  delivery->signed_body ? delivery->signed_body : delivery->body, delivery->nonce);
    signature made = signature_of(key, delivery->algorithm, ic_buf_text(&text));
    ic_buf_free(&text);
    return made;
}

static void signature_encode(const signature *made, bool hex, char *text) {
    if (!hex) {
        EVP_EncodeBlock((unsigned char *)text, made->bytes, (int)made->length);
        return;
    }
    for (size_t i = 0; i < made->length; i++)
        snprintf(text + 2 * i, 3, "%02x", made->bytes[i]);
}

/* The header's text. NULL: no memory. */
static char *signature_header(const ic_delivery *delivery, const signature *made) {
    char encoded[2 * SIGNATURE_MAX + 1];
    if (!made->length) return NULL;
    signature_encode(made, delivery->hex, encoded);
    cJSON *header = cJSON_CreateObject();
    ic_put_text(header, "nonce", delivery->nonce);
    ic_put_text(header, "signAlgorithm", delivery->algorithm);
    ic_put_text(header, "signature", encoded);
    ic_put_text(header, "encoding", delivery->hex ? "hex" : "base64");
    char *text = ic_json_print(header), *copy = ic_strdup(text);
    ic_json_text_free(text);
    cJSON_Delete(header);
    return copy;
}

static void signature_set_header(ic_delivery *delivery, const signature *made) {
    ic_free(delivery->verification);
    delivery->verification = signature_header(delivery, made);
}

const char *ic_delivery_sign(ic_company *company, ic_delivery *delivery) {
    unsigned key = company->outbox->key;
    if (delivery->fixed || (delivery->verification && delivery->key == key)) return delivery->verification;
    signature made = signature_make(ic_company_webhook_key(company), delivery);
    signature_set_header(delivery, &made);
    delivery->key = key;
    return delivery->verification;
}

/* --- forging --- */

static EVP_PKEY *signature_forged_key(ic_outbox *outbox) {
    if (!outbox->other_key) outbox->other_key = EVP_RSA_gen(2048);
    return outbox->other_key;
}

/* Changes the last digit or letter, so that the text stays JSON. */
static void signature_change_text(char *text) {
    static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = strlen(text); i > 0; i--) {
        if (!strchr(plain, text[i - 1])) continue;
        text[i - 1] = text[i - 1] == '0' ? '1' : '0';
        return;
    }
}

bool ic_delivery_forge(ic_company *company, ic_delivery *delivery, const char *how) {
    signature made = signature_make(strcmp(how, "key") == 0 ? signature_forged_key(company->outbox)
                                                            : ic_company_webhook_key(company),
                                    delivery);
    if (strcmp(how, "signature") == 0)
        made.bytes[made.length / 2] ^= 1;
    else if (strcmp(how, "body") == 0)
        signature_change_text(delivery->body);
    else if (strcmp(how, "event_id") == 0)
        signature_change_text(delivery->event_id);
    else if (strcmp(how, "nonce") == 0)
        signature_change_text(delivery->nonce);
    signature_set_header(delivery, &made);
    if (delivery->verification && strcmp(how, "unsigned") == 0) *delivery->verification = '\0';
    delivery->fixed = true;
    return delivery->verification != NULL;
}

char *ic_text_sign(ic_company *company, const char *text, bool other_key) {
    char digits[2 * SIGNATURE_MAX + 1];
    EVP_PKEY *key = other_key ? signature_forged_key(company->outbox) : ic_company_webhook_key(company);
    signature made = signature_of(key, "sha256", text);
    if (!made.length) return NULL;
    signature_encode(&made, false, digits);
    return ic_strdup(digits);
}
