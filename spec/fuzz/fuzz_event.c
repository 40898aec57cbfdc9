/* Webhook events: headers and bodies that nobody has signed are refused; JSON.stringify of what it has
 * printed prints the same; and a body is verified by the signature of its re-serialised text. The input is
 * the id and the verification header, a line each, and the body. */
#include "core/events/public_key.h"
#include "core/events/verify.h"
#include "core/json/json_stringify.h"
#include "spec/fuzz/fuzz.h"
#include <openssl/rsa.h>

#define SIGNED_EVERY 16 /* inputs: signing is slow */

static ic_bytes bytes_of(const char *text) {
    return (ic_bytes){text, strlen(text)};
}

static EVP_PKEY *own_key(void) {
    static EVP_PKEY *key;
    if (!key) key = EVP_RSA_gen(IC_KEY_BITS_MIN);
    return key;
}

/* Verifies the body with a header for the signature of id, text and nonce. */
static bool verify_signed(ic_bytes body, const ic_buf *text, ic_buf *again) {
    static const char id[] = "id", nonce[] = "nonce";
    unsigned char signature[IC_KEY_BITS_MIN / 8];
    size_t length = sizeof signature;
    char header[1024];
    int at = snprintf(header, sizeof header,
                      "{\"nonce\":\"%s\",\"signAlgorithm\":\"sha256\",\"encoding\":\"hex\",\"signature\":\"",
                      nonce);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    FUZZ_CHECK(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, own_key()) == 1 &&
               EVP_DigestSignUpdate(context, id, strlen(id)) == 1 &&
               EVP_DigestSignUpdate(context, text->data, text->length) == 1 &&
               EVP_DigestSignUpdate(context, nonce, strlen(nonce)) == 1 &&
               EVP_DigestSignFinal(context, signature, &length) == 1);
    EVP_MD_CTX_free(context);
    for (size_t i = 0; i < length; i++)
        at += snprintf(header + at, sizeof header - (size_t)at, "%02x", signature[i]);
    snprintf(header + at, sizeof header - (size_t)at, "\"}");
    ic_error error = {0};
    ic_event_step step;
    bool verified = ic_event_verify(own_key(), bytes_of(id), bytes_of(header), body, again, &step, &error);
    ic_error_clear(&error);
    return verified;
}

static void check_stringify(ic_bytes body, bool sign) {
    ic_buf text = {0}, again = {0}, signed_text = {0};
    ic_error error = {0};
    if (ic_json_stringify(&text, body.at, body.length, &error)) {
        FUZZ_CHECK(ic_json_stringify(&again, text.data, text.length, &error));
        FUZZ_CHECK(text.length == again.length && memcmp(text.data, again.data, text.length) == 0);
        if (sign && *text.data == '{' && body.at[0] == '{')
            FUZZ_CHECK(verify_signed(body, &text, &signed_text));
    }
    ic_error_clear(&error);
    ic_buf_free(&text);
    ic_buf_free(&again);
    ic_buf_free(&signed_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static unsigned count;
    char *id = fuzz_line(&data, &size), *header = fuzz_line(&data, &size), *body = fuzz_text(data, size);
    ic_buf text = {0};
    ic_error error = {0};
    ic_event_step step;
    FUZZ_CHECK(!ic_event_verify(own_key(), bytes_of(id), bytes_of(header), (ic_bytes){body, size}, &text,
                                &step, &error));
    FUZZ_CHECK(error.kind != IC_OK && !text.length && ic_event_step_name(step));
    ic_error_clear(&error);
    const ic_bytes parts[IC_SIGNED_PARTS] = {bytes_of(id), {body, size}, bytes_of("")};
    FUZZ_CHECK(!ic_request_verify(own_key(), bytes_of(header), parts, &step, &error));
    FUZZ_CHECK(error.kind != IC_OK);
    ic_error_clear(&error);
    EVP_PKEY *key = ic_public_key_read(body, size, &error);
    EVP_PKEY_free(key);
    ic_error_clear(&error);
    check_stringify((ic_bytes){body, size}, count++ % SIGNED_EVERY == 0);
    free(id);
    free(header);
    free(body);
    return 0;
}
