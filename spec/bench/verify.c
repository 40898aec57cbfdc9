/* verify KEY SIGNATURE TEXT COUNT: verifies the signature (bytes) of the text with the key (PEM) that many
 * times, as a program does that calls libcrypto directly. Prints the microseconds of CPU that one RSA
 * operation takes (the digest being known), and those of the whole verification. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void die(const char *what) {
    fprintf(stderr, "verify: %s\n", what);
    exit(EXIT_FAILURE);
}

static size_t read_file(const char *path, unsigned char *bytes, size_t size) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    size_t length = fread(bytes, 1, size, file);
    fclose(file);
    return length;
}

static double cpu(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void verify_digest(EVP_PKEY *key, const unsigned char *digest, size_t digest_length,
                          const unsigned char *signature, size_t length) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    if (EVP_PKEY_verify_init(context) != 1 || EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1 ||
        EVP_PKEY_verify(context, signature, length, digest, digest_length) != 1)
        die("refused");
    EVP_PKEY_CTX_free(context);
}

static void verify_text(EVP_PKEY *key, const unsigned char *text, size_t text_length,
                        const unsigned char *signature, size_t length) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestVerify(context, signature, length, text, text_length) != 1)
        die("refused");
    EVP_MD_CTX_free(context);
}

int main(int argc, char **argv) {
    static unsigned char signature[1024], text[65536], digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    if (argc != 5) die("expected KEY SIGNATURE TEXT COUNT");
    FILE *file = fopen(argv[1], "rb");
    EVP_PKEY *key = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;
    if (!key) die(argv[1]);
    fclose(file);
    size_t length = read_file(argv[2], signature, sizeof signature);
    size_t text_length = read_file(argv[3], text, sizeof text);
    int count = atoi(argv[4]);
    if (count < 1 || EVP_Digest(text, text_length, digest, &digest_length, EVP_sha256(), NULL) != 1)
        die("no count");

    double began = cpu();
    for (int i = 0; i < count; i++)
        verify_digest(key, digest, digest_length, signature, length);
    double operation = (cpu() - began) / count;
    began = cpu();
    for (int i = 0; i < count; i++)
        verify_text(key, text, text_length, signature, length);
    printf("%.2f %.2f\n", operation, (cpu() - began) / count);
    EVP_PKEY_free(key);
    return EXIT_SUCCESS;
}
