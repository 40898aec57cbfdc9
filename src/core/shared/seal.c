/* A sealed text is the mark, the nonce, the tag, and the encrypted bytes. */
#include "core/shared/seal.h"
#include "core/base/platform.h"
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#define MARK  "ic1:"
#define NONCE 12 /* bytes, as is the next */
#define TAG   16
#define HEAD  (sizeof MARK - 1 + NONCE + TAG)

static bool seal_read_hex(const char *text, unsigned char key[IC_SEAL_KEY]) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    if (strlen(text) != 2 * IC_SEAL_KEY) return false;
    for (size_t i = 0; i < 2 * IC_SEAL_KEY; i++) {
        const char *digit = strchr(digits, text[i]);
        if (!digit) return false;
        int value = (int)(digit - digits) % 16;
        key[i / 2] = (unsigned char)(i % 2 ? key[i / 2] | value : value << 4);
    }
    return true;
}

static bool seal_read_base64(const char *text, unsigned char key[IC_SEAL_KEY]) {
    unsigned char bytes[IC_SEAL_KEY + 1];
    if (strlen(text) != 44 || text[43] != '=' || text[42] == '=') return false;
    bool good = EVP_DecodeBlock(bytes, (const unsigned char *)text, 44) == IC_SEAL_KEY + 1;
    if (good) memcpy(key, bytes, IC_SEAL_KEY);
    ic_wipe(bytes, sizeof bytes);
    return good;
}

bool ic_seal_read_key(const char *text, unsigned char key[IC_SEAL_KEY]) {
    return seal_read_hex(text, key) || seal_read_base64(text, key);
}

static bool seal_encrypt(EVP_CIPHER_CTX *context, const unsigned char *key, const char *about,
                         const char *text, size_t length, unsigned char *out) {
    unsigned char *nonce = out + sizeof MARK - 1, *tag = nonce + NONCE, *bytes = tag + TAG;
    int count = 0, rest = 0;
    return EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) &&
           EVP_EncryptUpdate(context, NULL, &count, (const unsigned char *)about, (int)strlen(about)) &&
           EVP_EncryptUpdate(context, bytes, &count, (const unsigned char *)text, (int)length) &&
           EVP_EncryptFinal_ex(context, bytes + count, &rest) &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG, tag);
}

bool ic_seal(const unsigned char key[IC_SEAL_KEY], const char *about, const char *text, size_t length,
             ic_buf *sealed, ic_error *error) {
    if (length > INT_MAX - HEAD || !ic_buf_reserve(sealed, HEAD + length))
        return ic_error_memory(error), false;
    unsigned char *out = (unsigned char *)sealed->data + sealed->length;
    memcpy(out, MARK, sizeof MARK - 1);
    if (!ic_random_bytes(out + sizeof MARK - 1, NONCE)) {
        ic_error_set(error, IC_ERR_IO, "the system has no random bytes");
        return false;
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = context && seal_encrypt(context, key, about, text, length, out);
    EVP_CIPHER_CTX_free(context);
    if (good)
        sealed->length += HEAD + length;
    else
        ic_error_memory(error);
    return good;
}

bool ic_seal_is_sealed(const char *text, size_t length) {
    return length >= sizeof MARK - 1 && memcmp(text, MARK, sizeof MARK - 1) == 0;
}

static bool seal_decrypt(EVP_CIPHER_CTX *context, const unsigned char *key, const char *about,
                         const unsigned char *sealed, size_t length, unsigned char *out) {
    const unsigned char *nonce = sealed + sizeof MARK - 1, *tag = nonce + NONCE, *bytes = tag + TAG;
    int count = 0, rest = 0;
    return EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) &&
           EVP_DecryptUpdate(context, NULL, &count, (const unsigned char *)about, (int)strlen(about)) &&
           EVP_DecryptUpdate(context, out, &count, bytes, (int)length) &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG, (void *)tag) &&
           EVP_DecryptFinal_ex(context, out + count, &rest);
}

bool ic_seal_open(const unsigned char key[IC_SEAL_KEY], const char *about, const char *sealed, size_t length,
                  ic_buf *text, ic_error *error) {
    size_t count = length < HEAD ? 0 : length - HEAD;
    if (count > INT_MAX || !ic_buf_reserve(text, count + 1)) return ic_error_memory(error), false;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!context) return ic_error_memory(error), false;
    unsigned char *out = (unsigned char *)text->data + text->length;
    bool good = length >= HEAD && ic_seal_is_sealed(sealed, length) &&
                seal_decrypt(context, key, about, (const unsigned char *)sealed, count, out);
    EVP_CIPHER_CTX_free(context);
    if (good) {
        text->length += count;
        text->data[text->length] = '\0';
        return true;
    }
    ic_wipe(out, count);
    ic_error_set(error, IC_ERR_STORE, "it was encrypted with another shared_key, or is damaged");
    return false;
}
