#include "core/base/digest.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool digest_finish(EVP_MD_CTX *context, char hex[IC_SHA256_HEX]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!EVP_DigestFinal_ex(context, digest, &length)) return false;
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return true;
}

bool ic_sha256(const void *bytes, size_t length, char hex[IC_SHA256_HEX], ic_error *error) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
                EVP_DigestUpdate(context, bytes, length) && digest_finish(context, hex);
    EVP_MD_CTX_free(context);
    if (!done) ic_error_memory(error);
    return done;
}

static bool digest_stream(FILE *file, char hex[IC_SHA256_HEX]) {
    char piece[16384];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t count; good && (count = fread(piece, 1, sizeof piece, file));)
        good = EVP_DigestUpdate(context, piece, count);
    good = good && !ferror(file) && digest_finish(context, hex);
    EVP_MD_CTX_free(context);
    return good;
}

/* A pipe could block the caller for ever. */
static FILE *digest_open(const char *path, const char **wrong) {
    struct stat about;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool found = descriptor >= 0 && fstat(descriptor, &about) == 0, regular = found && S_ISREG(about.st_mode);
    FILE *file = regular ? fdopen(descriptor, "rb") : NULL;
    *wrong = file ? NULL : found && !regular ? "it is not a regular file" : strerror(errno);
    if (!file && descriptor >= 0) close(descriptor);
    return file;
}

bool ic_sha256_file(const char *path, char hex[IC_SHA256_HEX], ic_error *error) {
    const char *wrong;
    FILE *file = digest_open(path, &wrong);
    if (!file) {
        ic_error_set(error, IC_ERR_IO, "cannot read %s: %s", path, wrong);
        return false;
    }
    errno = 0;
    bool done = digest_stream(file, hex);
    if (!done && errno)
        ic_error_set(error, IC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    else if (!done)
        ic_error_memory(error);
    fclose(file);
    return done;
}
