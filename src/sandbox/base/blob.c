#include "sandbox/base/blob.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/platform.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE ((size_t)64 * 1024)

/* The file is a sequence of pages, each used by one blob or free. */
struct ic_spool {
    pthread_mutex_t lock; /* protects the members below; pages are written and read without it */
    int file;             /* -1: not opened yet, or closed */
    bool closed;
    uint32_t pages;
    uint32_t *free_pages;
    size_t free_count, free_capacity; /* capacity >= pages, so that returning a page cannot fail */
};

struct ic_blob {
    atomic_size_t holders;
    uint64_t length;
    size_t in_memory; /* a longer blob moves to the spool */
    ic_buf memory;
    ic_spool *spool;
    uint32_t *pages; /* NULL: it is in memory */
    size_t page_count, page_capacity;
};

/* --- the spool --- */

ic_spool *ic_spool_new(void) {
    ic_spool *spool = ic_calloc(1, sizeof *spool);
    if (!spool) return NULL;
    spool->file = -1;
    pthread_mutex_init(&spool->lock, NULL);
    return spool;
}

void ic_spool_close(ic_spool *spool) {
    pthread_mutex_lock(&spool->lock);
    if (spool->file >= 0) close(spool->file);
    spool->file = -1;
    spool->closed = true;
    pthread_mutex_unlock(&spool->lock);
}

void ic_spool_free(ic_spool *spool) {
    if (!spool) return;
    ic_spool_close(spool);
    pthread_mutex_destroy(&spool->lock);
    ic_free(spool->free_pages);
    ic_free(spool);
}

/* A file without a name: nothing of it remains when the process ends, even after a crash. */
static int blob_spool_open_unnamed(void) {
    const char *tmp = getenv("TMPDIR");
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/ironclad-spool-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int file = ic_open_temporary(path);
    if (file >= 0) unlink(path);
    return file;
}

static bool blob_spool_grow(ic_spool *spool) {
    if (spool->closed) {
        errno = EBADF;
        return false;
    }
    if (spool->file < 0 && (spool->file = blob_spool_open_unnamed()) < 0) return false;
    if (spool->pages == spool->free_capacity) {
        size_t capacity = spool->free_capacity ? spool->free_capacity * 2 : 64;
        uint32_t *pages = ic_realloc(spool->free_pages, capacity * sizeof *pages);
        if (!pages) {
            errno = ENOMEM;
            return false;
        }
        spool->free_pages = pages;
        spool->free_capacity = capacity;
    }
    spool->free_pages[spool->free_count++] = spool->pages++;
    return true;
}

static bool blob_spool_take_page(ic_spool *spool, uint32_t *page) {
    pthread_mutex_lock(&spool->lock);
    bool there = spool->free_count || blob_spool_grow(spool);
    if (there) *page = spool->free_pages[--spool->free_count];
    pthread_mutex_unlock(&spool->lock);
    return there;
}

static void blob_spool_return_pages(ic_spool *spool, const uint32_t *pages, size_t count) {
    pthread_mutex_lock(&spool->lock);
    for (size_t i = 0; i < count; i++) {
        spool->free_pages[spool->free_count++] = pages[i];
        ic_free_room(spool->file, (off_t)(pages[i] * (uint64_t)PAGE), (off_t)PAGE);
    }
    pthread_mutex_unlock(&spool->lock);
}

/* --- making --- */

ic_blob *ic_blob_begin(ic_spool *spool, size_t in_memory) {
    ic_blob *blob = ic_calloc(1, sizeof *blob);
    if (!blob) return NULL;
    atomic_init(&blob->holders, 1);
    blob->spool = spool;
    blob->in_memory = in_memory;
    return blob;
}

ic_blob *ic_blob_new(char *data, size_t length) {
    ic_blob *blob = ic_blob_begin(NULL, SIZE_MAX);
    if (!blob) {
        ic_free(data);
        return NULL;
    }
    blob->memory = (ic_buf){.data = data, .length = length, .capacity = length + 1};
    blob->length = length;
    return blob;
}

static bool blob_spool_add_page(ic_blob *blob) {
    if (blob->page_count == blob->page_capacity) {
        size_t capacity = blob->page_capacity ? blob->page_capacity * 2 : 16;
        uint32_t *pages = ic_realloc(blob->pages, capacity * sizeof *pages);
        if (!pages) {
            errno = ENOMEM;
            return false;
        }
        blob->pages = pages;
        blob->page_capacity = capacity;
    }
    if (!blob_spool_take_page(blob->spool, &blob->pages[blob->page_count])) return false;
    blob->page_count++;
    return true;
}

/* The offset in the file of a byte of the blob, and how many of `size` bytes follow it in the same page. */
static off_t blob_offset_in_file(const ic_blob *blob, uint64_t offset, size_t *size) {
    size_t within = offset % PAGE;
    if (*size > PAGE - within) *size = PAGE - within;
    return (off_t)(blob->pages[offset / PAGE] * (uint64_t)PAGE + within);
}

static bool blob_spool_write_all(int file, const char *data, size_t size, off_t at) {
    while (size) {
        ssize_t done = pwrite(file, data, size, at);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        data += done;
        at += done;
        size -= (size_t)done;
    }
    return true;
}

static bool blob_add_to_file(ic_blob *blob, const char *data, size_t size) {
    while (size) {
        size_t part = size;
        if (blob->length == blob->page_count * (uint64_t)PAGE && !blob_spool_add_page(blob)) return false;
        off_t at = blob_offset_in_file(blob, blob->length, &part);
        if (!blob_spool_write_all(blob->spool->file, data, part, at)) return false;
        blob->length += part;
        data += part;
        size -= part;
    }
    return true;
}

static bool blob_move_to_file(ic_blob *blob) {
    blob->length = 0;
    if (!blob_add_to_file(blob, blob->memory.data, blob->memory.length)) return false;
    ic_buf_free(&blob->memory);
    return true;
}

bool ic_blob_add(ic_blob *blob, const char *data, size_t size) {
    if (!blob->page_count) {
        if (size <= blob->in_memory && blob->memory.length <= blob->in_memory - size) {
            ic_buf_add(&blob->memory, data, size);
            blob->length = blob->memory.length;
            errno = ENOMEM;
            return !blob->memory.failed;
        }
        if (!blob_move_to_file(blob)) return false;
    }
    return blob_add_to_file(blob, data, size);
}

/* --- holding --- */

ic_blob *ic_blob_hold(ic_blob *blob) {
    atomic_fetch_add(&blob->holders, 1);
    return blob;
}

void ic_blob_release(void *held) {
    ic_blob *blob = held;
    if (!blob || atomic_fetch_sub(&blob->holders, 1) > 1) return;
    if (blob->page_count) blob_spool_return_pages(blob->spool, blob->pages, blob->page_count);
    ic_buf_free(&blob->memory);
    ic_free(blob->pages);
    ic_free(blob);
}

/* --- reading --- */

uint64_t ic_blob_length(const ic_blob *blob) {
    return blob->length;
}

ptrdiff_t ic_blob_read(const ic_blob *blob, uint64_t offset, char *into, size_t size) {
    if (offset >= blob->length) return 0;
    if (size > blob->length - offset) size = (size_t)(blob->length - offset);
    if (!blob->page_count) {
        memcpy(into, blob->memory.data + offset, size);
        return (ptrdiff_t)size;
    }
    for (size_t got = 0; got < size;) {
        size_t part = size - got;
        off_t at = blob_offset_in_file(blob, offset + got, &part);
        ssize_t done = pread(blob->spool->file, into + got, part, at);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return -1;
        got += (size_t)done;
    }
    return (ptrdiff_t)size;
}

const char *ic_blob_text(const ic_blob *blob) {
    if (blob->page_count) return NULL;
    return blob->memory.length ? blob->memory.data : "";
}
