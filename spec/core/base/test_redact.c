/* Secrets in text that is shown, in all the ways in which a server may echo them. */
#include "core/base/alloc.h"
#include "core/base/redact.h"
#include "spec/core/check.h"
#include <openssl/evp.h>

#define SECRET "S3cret/pä\"\\+%41-end"

static const struct {
    const char *text, *shown;
} cases[] = {
    {"", ""},
    {"nothing here", "nothing here"},
    {"a " SECRET " b", "a *** b"},
    {SECRET SECRET, "******"},
    {"S3cret/pä\"\\+%41-en", "S3cret/pä\"\\+%41-en"}, /* a part only */
    {"x=S3cret%2Fp%C3%A4%22%5C%2B%2541-end&y", "x=***&y"},
    {"x=%53%33%63%72%65%74%2f%70%c3%a4%22%5c%2b%25%34%31%2d%65%6e%64", "x=***"},
    {"{\"e\":\"S3cret/pä\\\"\\\\+%41-end\"}", "{\"e\":\"***\"}"},
    {"{\"e\":\"\\u0053\\u0033cret\\/p\\u00e4\\\"\\\\+%41-end\"}", "{\"e\":\"***\"}"},
    {"{\"e\":\"S3cret\\", "{\"e\":\"S3cret\\"},
    {"%", "%"},
    {"S3cret/p%C3", "S3cret/p%C3"},
    {"S3cret/p\\u00", "S3cret/p\\u00"},
    {"q=with+some%20blanks", "q=***"},
    {"short", "short"},
    {"\\ud83d\\ude00emoji", "***"},
    {"\xF0\x9F\x98\x80"
     "emoji",
     "***"},
};

static const char *const secrets[] = {SECRET, NULL, "with some blanks", "short",
                                      "\xF0\x9F\x98\x80"
                                      "emoji"};

static size_t redact(char *text, size_t length) {
    return ic_redact(text, length, secrets, sizeof secrets / sizeof *secrets);
}

static void test_text(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        strcpy(text, cases[i].text);
        text[redact(text, strlen(text))] = '\0';
        CHECK_TEXT(text, cases[i].shown);
    }
}

static void test_any_bytes(void) {
    char text[] = "a\0" SECRET "\0b";
    size_t length = redact(text, sizeof text - 1);
    CHECK(length == 7 && memcmp(text, "a\0***\0b", 7) == 0);
}

/* Checks that base64 of before, secret and after is removed in both alphabets. */
static void check_base64(const char *before, const char *secret, const char *after) {
    char plain[300], text[500];
    snprintf(plain, sizeof plain, "%s%s%s", before, secret, after);
    memcpy(text, "q: ", 3);
    EVP_EncodeBlock((unsigned char *)text + 3, (const unsigned char *)plain, (int)strlen(plain));
    strcat(text, " z");
    char other[500];
    strcpy(other, text);
    for (char *at = other; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    text[redact(text, strlen(text))] = '\0';
    if (!CHECK_TEXT(text, "q: *** z")) printf("    for %s\n", plain);
    other[redact(other, strlen(other))] = '\0';
    CHECK_TEXT(other, "q: *** z");
}

static void test_base64(void) {
    static const char *const befores[] = {"", "i", "id", "id:", "{\"client_secret\":\""},
                             *const afters[] = {"", "x", "xy", "\"}"},
                             *const spellings[] = {SECRET, "S3cret%2Fp%C3%A4%22%5C%2B%2541-end",
                                                   "S3cret/pä\\\"\\\\+%41-end"};
    for (size_t i = 0; i < sizeof befores / sizeof *befores; i++)
        for (size_t j = 0; j < sizeof afters / sizeof *afters; j++)
            for (size_t k = 0; k < sizeof spellings / sizeof *spellings; k++)
                check_base64(befores[i], spellings[k], afters[j]);
}

static void test_no_memory(void) {
    for (long nth = 1; nth <= 3; nth++) {
        char text[] = "a " SECRET " b";
        ic_alloc_fail_at(nth);
        text[redact(text, strlen(text))] = '\0';
        ic_alloc_fail_at(0);
        CHECK_TEXT(text, "***");
    }
    CHECK(ic_alloc_live() == 0);
}

int main(void) {
    test_text();
    test_any_bytes();
    test_base64();
    test_no_memory();
    return check_done("redact");
}
