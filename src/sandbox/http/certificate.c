#include "sandbox/http/certificate.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DAY (24 * 60 * 60)

static bool certificate_add_extension(X509 *x509, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool done = extension && X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
    return done;
}

static bool certificate_is_address(const char *host) {
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* The name becomes part of OpenSSL's configuration syntax, so only characters of host names and addresses are
 * accepted. */
static bool certificate_add_names(X509 *x509, const char *host) {
    ic_buf names = {0};
    ic_buf_puts(&names, "DNS:localhost,IP:127.0.0.1,IP:::1");
    if (host && !host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-")])
        ic_buf_printf(&names, ",%s:%s", certificate_is_address(host) ? "IP" : "DNS", host);
    const char *text = ic_buf_text(&names);
    bool done = text && certificate_add_extension(x509, NID_subject_alt_name, text);
    ic_buf_free(&names);
    return done;
}

static bool certificate_set_serial(X509 *x509) {
    unsigned char bytes[8];
    uint64_t serial;
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    memcpy(&serial, bytes, sizeof serial);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1);
}

static bool certificate_fill(X509 *x509, EVP_PKEY *key, const char *host) {
    X509_NAME *name = X509_get_subject_name(x509);
    return X509_set_version(x509, 2) /* version 3 */ && certificate_set_serial(x509) &&
           X509_gmtime_adj(X509_getm_notBefore(x509), -DAY) &&
           X509_gmtime_adj(X509_getm_notAfter(x509), 365L * DAY) && X509_set_pubkey(x509, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Ironclad sandbox", -1,
                                      -1, 0) &&
           X509_set_issuer_name(x509, name) &&
           certificate_add_extension(x509, NID_basic_constraints, "critical,CA:TRUE") &&
           certificate_add_extension(x509, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           certificate_add_extension(x509, NID_ext_key_usage, "serverAuth") &&
           certificate_add_extension(x509, NID_subject_key_identifier, "hash") &&
           certificate_add_names(x509, host) && X509_sign(x509, key, EVP_sha256());
}

/* The text in a memory BIO. */
static char *certificate_bio_text(BIO *bio) {
    char *data;
    long length = BIO_get_mem_data(bio, &data);
    return length > 0 ? ic_strndup(data, (size_t)length) : NULL;
}

static bool certificate_print(ic_certificate *certificate, X509 *x509, EVP_PKEY *key) {
    BIO *key_text = BIO_new(BIO_s_mem()), *certificate_text = BIO_new(BIO_s_mem());
    if (key_text && certificate_text && PEM_write_bio_X509(certificate_text, x509) &&
        PEM_write_bio_PKCS8PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL)) {
        certificate->key = certificate_bio_text(key_text);
        certificate->certificate = certificate_bio_text(certificate_text);
    }
    BIO_free(key_text);
    BIO_free(certificate_text);
    return certificate->key && certificate->certificate;
}

bool ic_certificate_make(ic_certificate *certificate, const char *host) {
    *certificate = (ic_certificate){0};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    bool made = key && x509 && certificate_fill(x509, key, host) && certificate_print(certificate, x509, key);
    X509_free(x509);
    EVP_PKEY_free(key);
    if (!made) ic_certificate_free(certificate);
    return made;
}

void ic_certificate_free(ic_certificate *certificate) {
    ic_free_secret(certificate->key);
    ic_free(certificate->certificate);
    *certificate = (ic_certificate){0};
}
