#include "core/base/text.h"
#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* No option, parameter or field has a longer name, so a longer one is not compared. */
#define NAME_MAX_LENGTH 64

#define NEAR_MAX   3 /* edits */
#define PREFIX_MIN 3 /* letters of an abbreviated name */

static char text_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Unlike strncasecmp, does not depend on the host's locale. */
static bool text_same_bytes(const char *a, const char *b, size_t length) {
    size_t i = 0;
    while (i < length && text_lower(a[i]) == text_lower(b[i]))
        i++;
    return i == length;
}

static int text_min(int a, int b) {
    return a < b ? a : b;
}

/* The number of edits (insert, delete, replace, swap of two neighbours) that turn a into b: the "optimal
 * string alignment" distance. Both names must be at most NAME_MAX_LENGTH long. */
static int text_edit_distance(const char *a, int a_length, const char *b, int b_length) {
    int rows[3][NAME_MAX_LENGTH + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (int j = 0; j <= b_length; j++)
        last[j] = j;
    for (int i = 1; i <= a_length; i++) {
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            char x = text_lower(a[i - 1]), y = text_lower(b[j - 1]);
            row[j] = text_min(last[j - 1] + (x != y), 1 + text_min(last[j], row[j - 1]));
            if (i > 1 && j > 1 && x == text_lower(b[j - 2]) && y == text_lower(a[i - 2]))
                row[j] = text_min(row[j], before[j - 2] + 1);
        }
        int *spare = before;
        before = last, last = row, row = spare;
    }
    return last[b_length];
}

/* A candidate is near when it differs by at most a third of the wanted name's letters (one edit is always
 * allowed, NEAR_MAX is the most, and one letter must stay), or when the wanted name is its abbreviation
 * ("temp" for "template"). A match by edits is better than an abbreviation, and of two abbreviated candidates
 * the shorter is better. */
void ic_nearest_offer(ic_nearest *search, const char *candidate) {
    size_t wanted = strlen(search->wanted), offered = strlen(candidate);
    if (wanted == 0 || wanted > NAME_MAX_LENGTH || offered > NAME_MAX_LENGTH) return;

    int allowed = text_min((int)wanted / 3, NEAR_MAX);
    if (allowed == 0) allowed = 1;
    int distance = text_edit_distance(search->wanted, (int)wanted, candidate, (int)offered);
    if (distance > allowed || distance >= (int)wanted) {
        if (wanted < PREFIX_MIN || offered < wanted || !text_same_bytes(search->wanted, candidate, wanted))
            return;
        distance = NEAR_MAX + (int)(offered - wanted);
    }
    if (search->best && search->distance <= distance) return;
    search->best = candidate;
    search->distance = distance;
}

void ic_percent_encode(ic_buf *out, const char *text, size_t length) {
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (memchr(unreserved, byte, sizeof unreserved - 1)) {
            ic_buf_putc(out, (char)byte);
        } else {
            const char coded[3] = {'%', hex[byte >> 4], hex[byte & 15]};
            ic_buf_add(out, coded, sizeof coded);
        }
    }
}

bool ic_header_safe(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) return false;
    return true;
}

bool ic_text_starts(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ic_text_same(const char *a, const char *b) {
    size_t length = strlen(a);
    return length == strlen(b) && text_same_bytes(a, b, length);
}
