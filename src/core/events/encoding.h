/* Base64 and hexadecimal digits, read strictly: each sequence of bytes has one spelling, so that a changed
 * digit is never read as the same bytes. */
#ifndef IC_EVENTS_ENCODING_H
#define IC_EVENTS_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

/* Reads `length` digits into `bytes`, which has room for `capacity`, and sets `*count`. False: another
 * character (also white space), a wrong length, more than `capacity` bytes; in base64 (RFC 4648, 4) missing
 * padding or bits that are not 0 in the last digit; in hexadecimal a capital letter. */
bool ic_base64_read(const char *digits, size_t length, unsigned char *bytes, size_t capacity, size_t *count);
bool ic_hex_read(const char *digits, size_t length, unsigned char *bytes, size_t capacity, size_t *count);

#endif
