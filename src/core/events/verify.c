#include "core/events/verify.h"
#include "core/base/text.h"
#include "core/events/encoding.h"
#include "core/events/public_key.h"
#include "core/json/json_stringify.h"
#include "core/json/json_tape_read.h"
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#define SIGNATURE_MAX      (IC_KEY_BITS_MAX / 8) /* bytes */
#define ALGORITHM_NAME_MAX 32                    /* bytes */
#define MEMBERS_MAX        32                    /* of the header of a request */

/* The algorithms, by the names that Node's crypto module has for them. */
static const struct {
    const char *name, *other_name;
    const EVP_MD *(*digest)(void);
} algorithms[] = {
    {"sha256", "RSA-SHA256", EVP_sha256},
    {"sha384", "RSA-SHA384", EVP_sha384},
    {"sha512", "RSA-SHA512", EVP_sha512},
};

static const struct {
    const char *name;
    bool (*read)(const char *digits, size_t length, unsigned char *bytes, size_t capacity, size_t *count);
} encodings[] = {{"base64", ic_base64_read}, {"hex", ic_hex_read}};

/* The members of the header. */
enum { NONCE, ALGORITHM, SIGNATURE, ENCODING, MEMBER_COUNT };
static const char *const member_names[MEMBER_COUNT] = {
    [NONCE] = "nonce", [ALGORITHM] = "signAlgorithm", [SIGNATURE] = "signature", [ENCODING] = "encoding"};

typedef struct verify_state {
    ic_bytes members[MEMBER_COUNT]; /* in the tape of the header */
    const EVP_MD *digest;
    unsigned char signature[SIGNATURE_MAX];
    size_t signature_length;
    ic_event_step *step;
    ic_error *error;
} verify_state;

static const char *const step_names[] = {[IC_STEP_ID] = "id",
                                         [IC_STEP_HEADER] = "header",
                                         [IC_STEP_ALGORITHM] = "algorithm",
                                         [IC_STEP_BODY] = "body",
                                         [IC_STEP_SIGNATURE] = "signature"};

const char *ic_event_step_name(ic_event_step step) {
    return step_names[step];
}

static bool verify_refuse(verify_state *state, ic_event_step step, ic_error_kind kind, const char *message) {
    *state->step = step;
    ic_error_set(state->error, kind, "%s", message);
    return false;
}

/* Whether the text may be an id or a nonce. */
static bool verify_is_token(ic_bytes text) {
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c <= ' ' || c > '~' || strchr("\"{}[]\\", c)) return false;
    }
    return text.length > 0;
}

static bool verify_id(verify_state *state, ic_bytes id) {
    if (id.length <= IC_EVENT_HEADER_MAX && verify_is_token(id)) return true;
    return verify_refuse(state, IC_STEP_ID, IC_ERR_SIGNATURE, "the event's id is not a plain text");
}

/* ---- the header ---- */

static int verify_member(const ic_tape *tape, const uint64_t *name) {
    size_t length;
    const char *text = ic_tape_text(tape, name, &length);
    for (int i = 0; i < MEMBER_COUNT; i++)
        if (strlen(member_names[i]) == length && memcmp(member_names[i], text, length) == 0) return i;
    return -1;
}

/* Fills in state->members from the tape of the header. Other members are ignored. Returns what is wrong, or
 * NULL. */
static const char *verify_read_members(verify_state *state, const ic_tape *tape) {
    const uint64_t *word = tape->words;
    if (ic_tape_kind_of(*word) != IC_TAPE_OBJECT) return "the verification header is not a JSON object";
    size_t count = ic_tape_count(word++);
    while (count--) {
        int member = verify_member(tape, word);
        const uint64_t *value = ic_tape_next(word);
        word = ic_tape_after(value);
        if (member < 0) continue;
        if (state->members[member].at) return "the verification header names a member twice";
        if (ic_tape_kind_of(*value) != IC_TAPE_TEXT)
            return "a member of the verification header is not a string";
        ic_bytes *text = &state->members[member];
        text->at = ic_tape_text(tape, value, &text->length);
    }
    return NULL;
}

/* The members that an event must have. Returns what is wrong, or NULL. */
static const char *verify_check_event(const verify_state *state) {
    for (int i = 0; i < MEMBER_COUNT; i++)
        if (!state->members[i].at)
            return "the verification header lacks nonce, signAlgorithm, signature or encoding";
    if (!verify_is_token(state->members[NONCE])) return "the nonce is not a plain text";
    return NULL;
}

static bool verify_is_same(const ic_tape *tape, const uint64_t *one, const uint64_t *other) {
    size_t length, other_length;
    const char *text = ic_tape_text(tape, one, &length), *more = ic_tape_text(tape, other, &other_length);
    return length == other_length && memcmp(text, more, length) == 0;
}

/* The members that a request must have: the signature, and no name twice, because the caller reads all of
 * them. Returns what is wrong, or NULL. */
static const char *verify_check_request(verify_state *state, const ic_tape *tape) {
    const uint64_t *names[MEMBERS_MAX], *word = tape->words;
    size_t count = ic_tape_count(word++);
    if (count > MEMBERS_MAX) return "the signature header has too many members";
    for (size_t i = 0; i < count; i++) {
        names[i] = word;
        for (size_t k = 0; k < i; k++)
            if (verify_is_same(tape, names[k], word)) return "the signature header names a member twice";
        word = ic_tape_after(ic_tape_next(word));
    }
    if (!state->members[SIGNATURE].at) return "the signature header lacks signature";
    if (!state->members[ALGORITHM].at) state->members[ALGORITHM] = (ic_bytes){"sha256", strlen("sha256")};
    if (!state->members[ENCODING].at) state->members[ENCODING] = (ic_bytes){"base64", strlen("base64")};
    return NULL;
}

/* ASCII case does not matter. */
static bool verify_is_name(ic_bytes text, const char *name) {
    char copy[ALGORITHM_NAME_MAX] = "";
    if (text.length >= sizeof copy || memchr(text.at, '\0', text.length)) return false;
    memcpy(copy, text.at, text.length);
    return ic_text_same(copy, name);
}

/* Sets state->digest and state->signature. */
static bool verify_decode(verify_state *state) {
    ic_bytes algorithm = state->members[ALGORITHM], encoding = state->members[ENCODING];
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (verify_is_name(algorithm, algorithms[i].name) ||
            verify_is_name(algorithm, algorithms[i].other_name))
            state->digest = algorithms[i].digest();
    if (!state->digest)
        return verify_refuse(state, IC_STEP_ALGORITHM, IC_ERR_SIGNATURE,
                             "signAlgorithm is not one of sha256, sha384 and sha512");
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        if (encoding.length != strlen(encodings[i].name) ||
            memcmp(encoding.at, encodings[i].name, encoding.length) != 0)
            continue;
        ic_bytes digits = state->members[SIGNATURE];
        if (encodings[i].read(digits.at, digits.length, state->signature, sizeof state->signature,
                              &state->signature_length))
            return true;
        return verify_refuse(state, IC_STEP_SIGNATURE, IC_ERR_SIGNATURE,
                             "the signature is not in its encoding");
    }
    return verify_refuse(state, IC_STEP_ALGORITHM, IC_ERR_SIGNATURE, "encoding is not one of base64 and hex");
}

/* ---- the signature ---- */

/* The digest that the signature holds, by RFC 8017, 8.2.2. A signature that was not made with the private key
 * fails here, before any of the body is read. */
static bool verify_recover(const verify_state *state, EVP_PKEY *key, unsigned char *digest, size_t *length) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool recovered =
        context && state->signature_length == (size_t)EVP_PKEY_size(key) &&
        EVP_PKEY_verify_recover_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(context, state->digest) == 1 &&
        EVP_PKEY_verify_recover(context, digest, length, state->signature, state->signature_length) == 1 &&
        *length == (size_t)EVP_MD_size(state->digest);
    EVP_PKEY_CTX_free(context);
    ERR_clear_error(); /* the thread's queue is also the host program's */
    return recovered;
}

/* Whether the digest is that of the three parts. */
static bool verify_is_digest(const verify_state *state, const ic_bytes parts[IC_SIGNED_PARTS],
                             const unsigned char *digest) {
    unsigned char own[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, state->digest, NULL) == 1;
    for (int i = 0; i < IC_SIGNED_PARTS; i++)
        done = done && EVP_DigestUpdate(context, parts[i].at, parts[i].length) == 1;
    done = done && EVP_DigestFinal_ex(context, own, &length) == 1;
    EVP_MD_CTX_free(context);
    return done && CRYPTO_memcmp(own, digest, length) == 0;
}

/* ---- the body ---- */

static bool verify_body_size(verify_state *state, ic_bytes body) {
    if (body.length <= IC_EVENT_BODY_MAX) return true;
    return verify_refuse(state, IC_STEP_BODY, IC_ERR_TOO_LARGE, "the body is larger than 1 MiB");
}

static bool verify_is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether it begins and ends as an object does. The code that parses it checks that it is JSON. */
static bool verify_is_object(ic_bytes text) {
    while (text.length && verify_is_space(*text.at))
        text.at++, text.length--;
    while (text.length && verify_is_space(text.at[text.length - 1]))
        text.length--;
    return text.length > 1 && *text.at == '{' && text.at[text.length - 1] == '}';
}

static bool verify_text(verify_state *state, EVP_PKEY *key, ic_bytes id, ic_bytes body, ic_buf *text) {
    unsigned char digest[SIGNATURE_MAX];
    size_t length = sizeof digest;
    if (!verify_recover(state, key, digest, &length))
        return verify_refuse(state, IC_STEP_SIGNATURE, IC_ERR_SIGNATURE, "the signature is not Ironclad's");
    if (!verify_is_object(body))
        return verify_refuse(state, IC_STEP_BODY, IC_ERR_SIGNATURE, "the body is not a JSON object");
    const ic_bytes nonce = state->members[NONCE];
    if (verify_is_digest(state, (ic_bytes[]){id, body, nonce}, digest)) return true;
    *state->step = IC_STEP_BODY;
    if (!ic_json_stringify(text, body.at, body.length, state->error)) {
        bool memory = state->error->kind == IC_ERR_MEMORY;
        return memory ? false : verify_refuse(state, IC_STEP_BODY, IC_ERR_SIGNATURE, "the body is not JSON");
    }
    if (verify_is_digest(state, (ic_bytes[]){id, {text->data, text->length}, nonce}, digest)) return true;
    return verify_refuse(state, IC_STEP_SIGNATURE, IC_ERR_SIGNATURE,
                         "the signature is not that of this event");
}

/* Reads the header into a tape, which the caller frees, and its members into the state. */
static bool verify_read_header(verify_state *state, ic_bytes header, bool of_request, ic_tape *tape) {
    if (header.length > IC_EVENT_HEADER_MAX)
        return verify_refuse(state, IC_STEP_HEADER, IC_ERR_SIGNATURE,
                             "the verification header is larger than 8 KiB");
    *state->step = IC_STEP_HEADER;
    const char *objection = NULL;
    if (ic_tape_read(tape, header.at, header.length, state->error)) {
        objection = verify_read_members(state, tape);
        if (!objection)
            objection = of_request ? verify_check_request(state, tape) : verify_check_event(state);
    } else if (state->error->kind == IC_ERR_MEMORY) {
        return false;
    } else {
        objection = "the verification header is not JSON";
    }
    return objection ? verify_refuse(state, IC_STEP_HEADER, IC_ERR_SIGNATURE, objection)
                     : verify_decode(state);
}

bool ic_event_verify(EVP_PKEY *key, ic_bytes id, ic_bytes header, ic_bytes body, ic_buf *text,
                     ic_event_step *step, ic_error *error) {
    verify_state state = {.step = step, .error = error};
    if (!verify_body_size(&state, body) || !verify_id(&state, id)) return false;
    ic_tape tape = {0};
    bool verified =
        verify_read_header(&state, header, false, &tape) && verify_text(&state, key, id, body, text);
    ic_tape_free(&tape);
    if (!verified) ic_buf_free(text);
    return verified;
}

bool ic_request_verify(EVP_PKEY *key, ic_bytes header, const ic_bytes parts[IC_SIGNED_PARTS],
                       ic_event_step *step, ic_error *error) {
    verify_state state = {.step = step, .error = error};
    unsigned char digest[SIGNATURE_MAX];
    size_t length = sizeof digest;
    ic_tape tape = {0};
    bool verified = verify_read_header(&state, header, true, &tape);
    ic_tape_free(&tape);
    if (!verified) return false;
    if (!verify_recover(&state, key, digest, &length))
        return verify_refuse(&state, IC_STEP_SIGNATURE, IC_ERR_SIGNATURE, "the signature is not Ironclad's");
    if (verify_is_digest(&state, parts, digest)) return true;
    return verify_refuse(&state, IC_STEP_SIGNATURE, IC_ERR_SIGNATURE,
                         "the signature is not that of this request");
}
