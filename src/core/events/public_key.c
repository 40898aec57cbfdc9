#include "core/events/public_key.h"
#include "core/base/alloc.h"
#include "core/events/encoding.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BEGIN "-----BEGIN PUBLIC KEY-----"
#define END   "-----END PUBLIC KEY-----"

static bool key_is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Makes *pem and *length the base64 of the block, without BEGIN and END. */
static bool key_find_block(const char **pem, size_t *length) {
    const char *from = *pem, *to = from + *length;
    while (from < to && key_is_space(*from))
        from++;
    while (to > from && key_is_space(to[-1]))
        to--;
    if ((size_t)(to - from) < strlen(BEGIN END) || memcmp(from, BEGIN, strlen(BEGIN)) != 0 ||
        memcmp(to - strlen(END), END, strlen(END)) != 0)
        return false;
    *pem = from + strlen(BEGIN);
    *length = (size_t)(to - strlen(END) - *pem);
    return true;
}

/* The bytes of the block, allocated; NULL when it is not base64, or with MEMORY. White space is allowed
 * anywhere in the base64. */
static unsigned char *key_read_block(const char *block, size_t length, size_t *count, ic_error *error) {
    char *digits = ic_malloc(length + 1);
    unsigned char *bytes = ic_malloc(length + 1);
    size_t kept = 0;
    for (size_t i = 0; i < length && digits; i++)
        if (!key_is_space(block[i])) digits[kept++] = block[i];
    bool read = digits && bytes && ic_base64_read(digits, kept, bytes, length, count);
    if (!digits || !bytes) ic_error_memory(error);
    ic_free(digits);
    if (read) return bytes;
    ic_free(bytes);
    return NULL;
}

/* Whether the public exponent is odd and at least 3. With 1, anybody could sign. */
static bool key_exponent_is_good(EVP_PKEY *key) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    BIGNUM *exponent = NULL;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) return false;
    bool good = BN_is_odd(exponent) && !BN_is_one(exponent) && !BN_is_negative(exponent);
    BN_free(exponent);
    return good;
#else
    const BIGNUM *exponent = NULL;
    RSA_get0_key(EVP_PKEY_get0_RSA(key), NULL, &exponent, NULL);
    return exponent && BN_is_odd(exponent) && !BN_is_one(exponent);
#endif
}

/* Sets the error when the key is not of the right kind. */
static bool key_check(EVP_PKEY *key, ic_error *error) {
    int bits = EVP_PKEY_bits(key);
    if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
        ic_error_set(error, IC_ERR_SIGNATURE, "the public key is not an RSA key");
    else if (bits < IC_KEY_BITS_MIN || bits > IC_KEY_BITS_MAX)
        ic_error_set(error, IC_ERR_SIGNATURE, "the public key has %d bits; from %d to %d are accepted", bits,
                     IC_KEY_BITS_MIN, IC_KEY_BITS_MAX);
    else if (!key_exponent_is_good(key))
        ic_error_set(error, IC_ERR_SIGNATURE, "the public key has an exponent that is not safe");
    else
        return true;
    return false;
}

EVP_PKEY *ic_public_key_read(const char *pem, size_t length, ic_error *error) {
    if (length > IC_KEY_TEXT_MAX || !key_find_block(&pem, &length)) {
        ic_error_set(error, IC_ERR_SIGNATURE,
                     "the public key is not PEM: expected one block from \"%s\" to \"%s\" and nothing else",
                     BEGIN, END);
        return NULL;
    }
    size_t count = 0;
    unsigned char *bytes = key_read_block(pem, length, &count, error);
    const unsigned char *at = bytes;
    EVP_PKEY *key = bytes ? d2i_PUBKEY(NULL, &at, (long)count) : NULL;
    bool whole = key && at == bytes + count;
    ic_free(bytes);
    ERR_clear_error();
    if (whole && key_check(key, error)) return key;
    if (!whole && error->kind != IC_ERR_MEMORY)
        ic_error_set(error, IC_ERR_SIGNATURE, "the public key's PEM holds no public key");
    EVP_PKEY_free(key);
    return NULL;
}
