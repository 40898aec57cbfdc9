/* What the fuzz targets share. A target is one function, LLVMFuzzerTestOneInput; `make fuzz` builds it with
 * libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, and starts from the inputs in
 * spec/fuzz/seeds/NAME. A target finds crashes, leaks and undefined behaviour by itself; what must hold of
 * its results, it checks with FUZZ_CHECK. */
#ifndef IC_FUZZ_H
#define IC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                                                \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                   \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* A copy that ends in NUL and in nothing else: an over-read by one byte shows. Free with free. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    if (!text) abort();
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* Takes the input up to the next line end, which is taken too. Free with free. */
static inline char *fuzz_line(const uint8_t **data, size_t *size) {
    const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
    size_t length = end ? (size_t)(end - *data) : *size;
    char *line = fuzz_text(*data, length);
    *data += length + (end != NULL);
    *size -= length + (end != NULL);
    return line;
}

#endif
