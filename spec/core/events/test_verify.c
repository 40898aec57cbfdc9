/* The verification of events: strict encodings, and every allocation that fails. What is accepted and refused
 * is in spec/ironclad/events/signature_spec.lua. */
#include "core/base/alloc.h"
#include "core/events/encoding.h"
#include "core/events/public_key.h"
#include "core/events/verify.h"
#include "spec/core/check.h"
#include <openssl/rsa.h>
#include <openssl/x509.h>

static const struct {
    bool hex;
    const char *digits;
    const char *text; /* NULL: refused */
} encodings[] = {
    {false, "", ""},
    {false, "YQ==", "a"},
    {false, "YWI=", "ab"},
    {false, "YWJj", "abc"},
    {false, "YWJjZA==", "abcd"},
    {false, "YR==", NULL}, /* bits that are not 0 */
    {false, "YWJ=", NULL},
    {false, "YQ=", NULL},
    {false, "YQ", NULL},
    {false, "Y", NULL},
    {false, "=", NULL},
    {false, "====", NULL},
    {false, "Y===", NULL},
    {false, "YQ==YQ==", NULL},
    {false, "YW Jj", NULL},
    {false, "YWJj\n", NULL},
    {false, "YW-_", NULL},
    {false, "YWJjZGVmZ2hpamtsbW5vcHFyc3Q=", NULL}, /* longer than there is room for */
    {true, "", ""},
    {true, "6162", "ab"},
    {true, "616", NULL},
    {true, "6A", NULL},
    {true, "6g", NULL},
    {true, "0x61", NULL},
    {true, " 61", NULL},
};

static void test_encodings(void) {
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        unsigned char bytes[16];
        size_t count;
        bool read = (encodings[i].hex ? ic_hex_read : ic_base64_read)(
            encodings[i].digits, strlen(encodings[i].digits), bytes, sizeof bytes, &count);
        CHECK(read == (encodings[i].text != NULL));
        if (read) CHECK(count == strlen(encodings[i].text) && memcmp(bytes, encodings[i].text, count) == 0);
    }
}

#define ID    "event-1"
#define NONCE "nonce"

/* The header for the signature of ID, text and NONCE. */
static void sign(EVP_PKEY *key, const char *text, char *header, size_t size) {
    unsigned char signature[512], digits[1024];
    size_t length = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(EVP_DigestSignInit(context, NULL, EVP_sha384(), NULL, key) == 1 &&
          EVP_DigestSignUpdate(context, ID, strlen(ID)) == 1 &&
          EVP_DigestSignUpdate(context, text, strlen(text)) == 1 &&
          EVP_DigestSignUpdate(context, NONCE, strlen(NONCE)) == 1 &&
          EVP_DigestSignFinal(context, signature, &length) == 1);
    EVP_MD_CTX_free(context);
    EVP_EncodeBlock(digits, signature, (int)length);
    snprintf(header, size,
             "{\"nonce\":\"" NONCE
             "\",\"signAlgorithm\":\"RSA-SHA384\",\"signature\":\"%s\",\"encoding\":\"base64\"}",
             (const char *)digits);
}

static ic_bytes bytes_of(const char *text) {
    return (ic_bytes){text, strlen(text)};
}

/* Verifies while the nth allocation fails; whether it was verified. */
static bool verify_failing(EVP_PKEY *key, const char *header, const char *body, const char *wanted,
                           long nth) {
    ic_buf text = {0};
    ic_error error = {0};
    ic_event_step step;
    long before = ic_alloc_live();
    ic_alloc_fail_only(nth);
    bool verified =
        ic_event_verify(key, bytes_of(ID), bytes_of(header), bytes_of(body), &text, &step, &error);
    ic_alloc_fail_only(0);
    CHECK(verified == (error.kind == IC_OK));
    if (verified) CHECK_TEXT(text.length ? ic_buf_text(&text) : body, wanted);
    if (!verified) CHECK(error.kind == IC_ERR_MEMORY);
    ic_buf_free(&text);
    ic_error_clear(&error);
    CHECK(ic_alloc_live() == before);
    return verified;
}

static void test_memory(EVP_PKEY *key) {
    static const char body[] = "{ \"b\" : [1.5, \"\\ud800x\", {}], \"2\": null, \"a\": 1e-7, \"b\": true }";
    static const char printed[] = "{\"2\":null,\"b\":true,\"a\":1e-7}";
    char header[2048];
    sign(key, printed, header, sizeof header);
    long nth = 1;
    while (!verify_failing(key, header, body, printed, nth) && nth < 1000)
        nth++;
    CHECK(nth > 5 && nth < 1000);
    sign(key, body, header, sizeof header);
    CHECK(verify_failing(key, header, body, body, 0));
}

/* A request whose text has three parts, while the nth allocation fails. */
static void test_request(EVP_PKEY *key) {
    static const char body[] = "{}";
    const ic_bytes parts[IC_SIGNED_PARTS] = {bytes_of(ID), bytes_of(body), bytes_of(NONCE)},
                   others[IC_SIGNED_PARTS] = {bytes_of(ID), bytes_of("{ }"), bytes_of(NONCE)};
    char header[2048];
    sign(key, body, header, sizeof header);
    bool verified = false;
    for (long nth = 1; !verified && nth < 100; nth++) {
        ic_error error = {0};
        ic_event_step step;
        long before = ic_alloc_live();
        ic_alloc_fail_only(nth);
        verified = ic_request_verify(key, bytes_of(header), parts, &step, &error);
        ic_alloc_fail_only(0);
        CHECK(verified || error.kind == IC_ERR_MEMORY);
        ic_error_clear(&error);
        CHECK(ic_alloc_live() == before);
    }
    CHECK(verified);
    ic_error error = {0};
    ic_event_step step;
    CHECK(!ic_request_verify(key, bytes_of(header), others, &step, &error) && step == IC_STEP_SIGNATURE);
    ic_error_clear(&error);
}

static void test_key_memory(EVP_PKEY *key) {
    unsigned char *der = NULL, digits[1024];
    char pem[1200];
    int length = i2d_PUBKEY(key, &der);
    EVP_EncodeBlock(digits, der, length);
    OPENSSL_free(der);
    snprintf(pem, sizeof pem, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
             (const char *)digits);
    for (long nth = 1; nth <= 3; nth++) {
        ic_error error = {0};
        long before = ic_alloc_live();
        ic_alloc_fail_only(nth);
        EVP_PKEY *read = ic_public_key_read(pem, strlen(pem), &error);
        ic_alloc_fail_only(0);
        CHECK((read == NULL) == (nth <= 2));
        CHECK((read == NULL) == (error.kind == IC_ERR_MEMORY));
        EVP_PKEY_free(read);
        ic_error_clear(&error);
        CHECK(ic_alloc_live() == before);
    }
}

int main(void) {
    EVP_PKEY *key = EVP_RSA_gen(IC_KEY_BITS_MIN);
    test_encodings();
    test_memory(key);
    test_request(key);
    test_key_memory(key);
    EVP_PKEY_free(key);
    return check_done("verify");
}
