/* Multipart bodies of the sandbox: a line with the Content-Type, then the body. However the network cuts a
 * body, the same is read. */
#include "core/base/buf.h"
#include "sandbox/http/multipart.h"
#include "spec/fuzz/fuzz.h"

static bool note(void *context, const char *name, const char *filename, const char *data, size_t size) {
    ic_buf *seen = context;
    if (!name) {
        FUZZ_CHECK(size);
        ic_buf_add(seen, data, size);
        return true;
    }
    FUZZ_CHECK(!data && !size);
    ic_buf_printf(seen, "\n[%zu %s %s]\n", strlen(name), name, filename ? filename : "-");
    return true;
}

/* Reads the body in pieces of so many bytes. false: it is malformed. */
static bool read_body(const char *type, const uint8_t *data, size_t size, size_t piece, ic_buf *seen) {
    ic_multipart *reader = ic_multipart_new(type, note, seen);
    bool good = reader != NULL;
    for (size_t at = 0; at < size && good; at += piece) {
        char *copy = fuzz_text(data + at, size - at < piece ? size - at : piece);
        good = ic_multipart_add(reader, copy, size - at < piece ? size - at : piece);
        free(copy);
    }
    good = good && ic_multipart_is_complete(reader);
    ic_multipart_free(reader);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *type = fuzz_line(&data, &size);
    ic_buf whole = {0}, cut = {0};
    bool good = read_body(type, data, size, size + 1, &whole);
    FUZZ_CHECK(read_body(type, data, size, 1 + size % 7, &cut) == good);
    if (good) {
        FUZZ_CHECK(whole.length == cut.length);
        FUZZ_CHECK(!whole.length || memcmp(whole.data, cut.data, whole.length) == 0);
    }
    ic_buf_free(&whole);
    ic_buf_free(&cut);
    free(type);
    return 0;
}
