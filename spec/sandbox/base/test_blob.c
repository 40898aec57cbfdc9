/* Blobs in memory and in the spool: what goes in comes out, pages are used again, and no failing allocation
 * loses one. */
#include "core/base/alloc.h"
#include "sandbox/base/blob.h"
#include "spec/core/check.h"
#include <stdint.h>
#include <stdlib.h>

#define KIB ((size_t)1024)

/* The byte that belongs at a place: neighbouring pages differ. */
static char byte_at(uint64_t place, unsigned seed) {
    return (char)((place * 2654435761u + (place >> 16) * 97 + seed) >> 5);
}

/* A blob of so many bytes that come in pieces of a given size; NULL without memory. */
static ic_blob *make(ic_spool *spool, size_t length, size_t piece, unsigned seed) {
    char bytes[1000];
    ic_blob *blob = ic_blob_begin(spool, 64 * KIB);
    for (size_t done = 0; blob && done < length;) {
        size_t size = length - done < piece ? length - done : piece;
        for (size_t i = 0; i < size; i++)
            bytes[i] = byte_at(done + i, seed);
        if (ic_blob_add(blob, bytes, size)) {
            done += size;
        } else {
            ic_blob_release(blob);
            blob = NULL;
        }
    }
    return blob;
}

/* Whether it reads back, in pieces that know nothing of pages. */
static bool is_whole(const ic_blob *blob, size_t length, unsigned seed) {
    char bytes[7001];
    size_t place = 0;
    ptrdiff_t got;
    while ((got = ic_blob_read(blob, place, bytes, sizeof bytes)) > 0)
        for (ptrdiff_t i = 0; i < got; i++, place++)
            if (bytes[i] != byte_at(place, seed)) return false;
    return got == 0 && place == length && ic_blob_length(blob) == length;
}

static void test_sizes(void) {
    static const size_t lengths[] = {0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 200001, 3000000};
    ic_spool *spool = ic_spool_new();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        ic_blob *blob = make(spool, lengths[i], 997, (unsigned)i);
        CHECK(blob && is_whole(blob, lengths[i], (unsigned)i));
        CHECK(!ic_blob_text(blob) == (lengths[i] > 64 * KIB));
        CHECK(ic_blob_read(blob, lengths[i] + 1, (char[1]){0}, 1) == 0);
        ic_blob_release(blob);
    }
    ic_spool_free(spool);
}

static void test_text(void) {
    ic_blob *blob = ic_blob_new(ic_strdup("text"), 4);
    CHECK_TEXT(ic_blob_text(blob), "text");
    ic_blob_release(ic_blob_hold(blob));
    CHECK(ic_blob_length(blob) == 4);
    ic_blob_release(blob);
    ic_blob_release(NULL);
}

/* Pages of a blob that is gone serve the next, beside one that stays. */
static void test_reuse(void) {
    ic_spool *spool = ic_spool_new();
    ic_blob *kept = make(spool, 300000, 1000, 1);
    for (unsigned i = 2; i < 12; i++) {
        ic_blob *passing = make(spool, 70000 + i * 50000, 1000, i);
        CHECK(is_whole(passing, 70000 + i * 50000, i));
        ic_blob_release(passing);
    }
    CHECK(is_whole(kept, 300000, 1));
    ic_blob_release(kept);
    ic_spool_free(spool);
}

/* Every allocation fails once: the blob is whole or there is none, and nothing is lost. */
static void test_no_memory(void) {
    long before = ic_alloc_live();
    bool made = false;
    for (long nth = 1; nth < 1000 && !made; nth++) {
        ic_alloc_fail_at(nth);
        ic_spool *spool = ic_spool_new();
        ic_blob *blob = spool ? make(spool, 5000000, 1000, 3) : NULL;
        ic_alloc_fail_at(0);
        made = blob != NULL;
        if (made) CHECK(is_whole(blob, 5000000, 3));
        ic_blob_release(blob);
        ic_spool_free(spool);
        CHECK(ic_alloc_live() == before);
    }
    CHECK(made);
}

/* A folder that is none: an error, and what is small needs none. */
static void test_no_folder(void) {
    const char *folder = getenv("TMPDIR");
    char *before = ic_strdup(folder);
    ic_spool *spool = ic_spool_new();
    setenv("TMPDIR", "/nonexistent", 1);
    ic_blob *blob = make(spool, 64 * KIB, 1000, 4);
    CHECK(blob && is_whole(blob, 64 * KIB, 4));
    CHECK(!ic_blob_add(blob, "x", 1));
    ic_blob_release(blob);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    ic_spool_free(spool);
    ic_free(before);
}

/* What stays after the end of a sandbox is in memory only. */
static void test_closed(void) {
    ic_spool *spool = ic_spool_new();
    ic_blob *stored = make(spool, 300000, 1000, 5), *small = make(spool, 1000, 1000, 6);
    char bytes[100];
    ic_spool_close(spool);
    CHECK(ic_blob_read(stored, 0, bytes, sizeof bytes) == -1);
    CHECK(is_whole(small, 1000, 6));
    CHECK(make(spool, 300000, 1000, 7) == NULL);
    ic_blob_release(stored);
    ic_blob_release(small);
    ic_spool_free(spool);
}

int main(void) {
    test_sizes();
    test_text();
    test_reuse();
    test_no_memory();
    test_no_folder();
    test_closed();
    return check_done("blob");
}
