#include "core/http/client_certificate.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

typedef struct password {
    const char *text; /* NULL: none */
    bool wanted;      /* the key is encrypted */
} password;

/* Never asks at the terminal. */
static int certificate_give_password(char *into, int size, int writing, void *argument) {
    password *given = argument;
    (void)writing;
    given->wanted = true;
    size_t length = given->text ? strlen(given->text) : 0;
    if (!given->text || length > (size_t)size) return -1;
    memcpy(into, given->text, length);
    return (int)length;
}

/* NULL: with the reason in `text`. */
static FILE *certificate_open(const char *path, ic_buf *text) {
    FILE *file = fopen(path, "re");
    if (!file) ic_buf_printf(text, "%s: %s", path, strerror(errno));
    return file;
}

static X509 *certificate_read(const char *path, ic_buf *text) {
    FILE *file = certificate_open(path, text);
    if (!file) return NULL;
    X509 *found = PEM_read_X509(file, NULL, NULL, NULL);
    if (!found) ic_buf_printf(text, "%s: no certificate in PEM format is there", path);
    fclose(file);
    return found;
}

static EVP_PKEY *certificate_read_key(const char *path, password *given, ic_buf *text) {
    FILE *file = certificate_open(path, text);
    if (!file) return NULL;
    EVP_PKEY *found = PEM_read_PrivateKey(file, NULL, certificate_give_password, given);
    if (!found)
        ic_buf_printf(text, "%s: %s", path,
                      !given->wanted ? "no private key in PEM format is there"
                      : given->text  ? "client_key_password is not that of the key"
                                     : "the key is encrypted; give client_key_password");
    fclose(file);
    return found;
}

bool ic_client_certificate_objection(const char *certificate, const char *key, const char *words,
                                     ic_buf *text) {
    password given = {.text = words};
    size_t before = text->length;
    X509 *holder = certificate_read(certificate, text);
    EVP_PKEY *mine = holder ? certificate_read_key(key ? key : certificate, &given, text) : NULL;
    if (mine && X509_check_private_key(holder, mine) != 1)
        ic_buf_printf(text, "%s: the key is not that of the certificate in %s", key ? key : certificate,
                      certificate);
    X509_free(holder);
    EVP_PKEY_free(mine);
    ERR_clear_error();
    return text->length > before;
}

bool ic_client_certificate_is_refused(const char *message) {
    /* The alerts of TLS (RFC 8446, 6.2) that are about a peer's certificate, as OpenSSL names them. */
    static const char *const alerts[] = {
        "certificate required", "bad certificate",         "unknown ca",
        "certificate expired",  "certificate revoked",     "access denied",
        "certificate unknown",  "unsupported certificate", "handshake failure"};
    const char *alert = strstr(message, "alert ");
    for (size_t i = 0; alert && i < sizeof alerts / sizeof *alerts; i++)
        if (strncmp(alert + strlen("alert "), alerts[i], strlen(alerts[i])) == 0) return true;
    return false;
}
