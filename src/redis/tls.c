/* hiredis's own redisCreateSSLContext does not check whom the certificate is for, so the SSL object is made
 * here. hiredis reports no reason of OpenSSL's, so it is read here, too. */
#include "redis/tls.h"
#include <errno.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct ic_redis_tls {
    SSL *ssl; /* a reference of its own: hiredis frees its own with the context */
    bool begun;
    char name[256]; /* whom the certificate must be for */
};

/* The reason of the first error of this thread. */
static const char *tls_reason(void) {
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return reason ? reason : "unknown error";
}

/* A key with a password is refused: OpenSSL would ask for it at the terminal. */
static int tls_no_password(char *into, int size, int writing, void *argument) {
    (void)into, (void)size, (void)writing;
    *(bool *)argument = true;
    return -1;
}

/* Adds the client's own certificate. False, with a reason: it cannot be used. */
static bool tls_add_client(SSL_CTX *context, const ic_redis_target *target, char *why, size_t size) {
    const char *certificate = target->client_cert;
    const char *key = target->client_key ? target->client_key : certificate;
    bool encrypted = false;
    if (!certificate) return true;
    SSL_CTX_set_default_passwd_cb(context, tls_no_password);
    SSL_CTX_set_default_passwd_cb_userdata(context, &encrypted);
    bool good = false;
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        snprintf(why, size, "the client certificate cannot be read from %s (shared_client_cert): %s",
                 certificate, tls_reason());
    else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        snprintf(why, size, "the client key cannot be used from %s (shared_client_key): %s", key,
                 encrypted ? "it has a password" : tls_reason());
    else
        good = true;
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    return good;
}

/* Trusts what libcurl trusts with the same settings: it, too, accepts a chain that ends with a trusted
 * certificate that is no root. */
static SSL_CTX *tls_context(const ic_redis_target *target, char *why, size_t size) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context) return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
    if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) {
        snprintf(why, size, "TLS 1.2 could not be set up: %s", tls_reason());
    } else if (!SSL_CTX_load_verify_locations(context, target->ca_file, target->ca_path)) {
        snprintf(why, size, "the certificates to trust could not be read from %s: %s",
                 target->ca_file ? target->ca_file : target->ca_path, tls_reason());
    } else if (tls_add_client(context, target, why, size)) {
        return context;
    }
    SSL_CTX_free(context);
    return NULL;
}

/* Makes the verification fail unless the certificate is for that name or address. Only a name is sent as the
 * server's name (RFC 6066, 3). False when out of memory. */
static bool tls_expect(SSL *ssl, const char *name) {
    X509_VERIFY_PARAM *checks = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_ip_asc(checks, name) ||
           (SSL_set1_host(ssl, name) && SSL_set_tlsext_host_name(ssl, name));
}

ic_redis_tls *ic_redis_tls_new(const ic_redis_target *target, char *why, size_t size) {
    *why = '\0';
    ERR_clear_error();
    ic_redis_tls *tls = calloc(1, sizeof *tls);
    SSL_CTX *context = tls ? tls_context(target, why, size) : NULL;
    if (context) tls->ssl = SSL_new(context);
    SSL_CTX_free(context); /* the SSL object has a reference */
    if (!tls || !tls->ssl || !tls_expect(tls->ssl, target->tls_name)) {
        ic_redis_tls_free(tls);
        tls = NULL;
    } else {
        snprintf(tls->name, sizeof tls->name, "%s", target->tls_name);
    }
    ERR_clear_error();
    return tls;
}

static void tls_explain_certificate(const ic_redis_tls *tls, long result, char *why, size_t size) {
    if (result == X509_V_ERR_HOSTNAME_MISMATCH || result == X509_V_ERR_IP_ADDRESS_MISMATCH)
        snprintf(why, size, "its certificate is for another name than %s", tls->name);
    else if (result == X509_V_ERR_CERT_HAS_EXPIRED)
        snprintf(why, size, "its certificate has expired");
    else
        snprintf(why, size, "its certificate is not trusted (%s); ca_file names the certificates to trust",
                 X509_verify_cert_error_string(result));
}

#define CLIENT_OPTIONS " (options shared_client_cert and shared_client_key)"

/* Whether the server says that it wants a certificate of the client, or another one (RFC 8446, 6.2). */
static bool tls_is_about_client(unsigned long code) {
    static const int alerts[] = {
        SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,   SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
        SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
        SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,     SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
        SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,       SSL_R_TLSV1_ALERT_UNKNOWN_CA};
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (ERR_GET_REASON(code) == alerts[i]) return true;
    return false;
}

bool ic_redis_tls_explain(const ic_redis_tls *tls, char *why, size_t size) {
    long result = SSL_get_verify_result(tls->ssl);
    unsigned long code = ERR_peek_error();
    if (result != X509_V_OK)
        tls_explain_certificate(tls, result, why, size);
    else if (ERR_GET_LIB(code) == ERR_LIB_SSL)
        snprintf(why, size, "TLS: %s%s", tls_reason(), tls_is_about_client(code) ? CLIENT_OPTIONS : "");
    else
        return false;
    return true;
}

ic_redis_tls_state ic_redis_tls_begin(ic_redis_tls *tls, redisContext *context, char *why, size_t size) {
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    int failure = 0;
    if (tls->begun) return IC_REDIS_TLS_BEGUN;
    if (getpeername(context->fd, (struct sockaddr *)&peer, &length) != 0) {
        length = sizeof failure;
        if (getsockopt(context->fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0) failure = errno;
        if (failure) snprintf(why, size, "%s", strerror(failure));
        return failure ? IC_REDIS_TLS_FAILED : IC_REDIS_TLS_WAITS;
    }
    ERR_clear_error();
    if (redisInitiateSSL(context, tls->ssl) != REDIS_OK) {
        if (!ic_redis_tls_explain(tls, why, size)) snprintf(why, size, "%s", context->errstr);
        return IC_REDIS_TLS_FAILED;
    }
    SSL_up_ref(tls->ssl); /* hiredis has taken the first one */
    tls->begun = true;
    return IC_REDIS_TLS_BEGUN;
}

bool ic_redis_tls_peek(ic_redis_tls *tls, char *byte) {
    return SSL_peek(tls->ssl, byte, 1) == 1;
}

void ic_redis_tls_prepare(void) {
    ERR_clear_error();
}

void ic_redis_tls_free(ic_redis_tls *tls) {
    if (!tls) return;
    SSL_free(tls->ssl);
    free(tls);
}
