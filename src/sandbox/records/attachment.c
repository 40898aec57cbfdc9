#include "sandbox/records/attachment.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <openssl/evp.h>
#include <string.h>

void ic_attachment_free(ic_attachment *attachment) {
    ic_free(attachment->key);
    ic_free(attachment->filename);
    ic_free(attachment->hash);
    ic_blob_release(attachment->bytes);
    ic_free(attachment);
}

static bool attachment_digest(EVP_MD_CTX *digest, const ic_blob *blob) {
    char piece[16 * 1024];
    uint64_t at = 0;
    ptrdiff_t got = -1;
    bool good = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    while (good && (got = ic_blob_read(blob, at, piece, sizeof piece)) > 0) {
        good = EVP_DigestUpdate(digest, piece, (size_t)got) == 1;
        at += (uint64_t)got;
    }
    return good && got == 0;
}

const char *ic_attachment_hash(ic_attachment *attachment) {
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (attachment->hash) return attachment->hash;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    ic_buf hex = {0};
    if (!digest || !attachment_digest(digest, attachment->bytes) ||
        EVP_DigestFinal_ex(digest, code, &length) != 1)
        hex.failed = true;
    for (unsigned i = 0; i < length; i++)
        ic_buf_printf(&hex, "%02x", code[i]);
    EVP_MD_CTX_free(digest);
    attachment->hash = ic_buf_take(&hex, NULL);
    ic_buf_free(&hex);
    return attachment->hash;
}

/* The extensions are from an error message in the public document. */
static const struct media {
    const char *extension, *type;
} media[] = {
    {".adoc", "application/octet-stream"},
    {".asice", "application/vnd.etsi.asic-e+zip"},
    {".bdoc", "application/vnd.etsi.asic-e+zip"},
    {".csv", "text/csv"},
    {".ddoc", "application/octet-stream"},
    {".doc", "application/msword"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {".edoc", "application/octet-stream"},
    {".eml", "message/rfc822"},
    {".gif", "image/gif"},
    {".htm", "text/html"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".msg", "application/vnd.ms-outlook"},
    {".pdf", "application/pdf"},
    {".png", "image/png"},
    {".ppt", "application/vnd.ms-powerpoint"},
    {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {".rtf", "application/rtf"},
    {".tif", "image/tiff"},
    {".txt", "text/plain"},
    {".xls", "application/vnd.ms-excel"},
    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {".xml", "application/xml"},
};

const char *ic_media_type(const char *filename) {
    const char *extension = strrchr(filename, '.');
    for (size_t i = 0; extension && i < sizeof media / sizeof media[0]; i++)
        if (ic_text_same(media[i].extension, extension)) return media[i].type;
    return NULL;
}
