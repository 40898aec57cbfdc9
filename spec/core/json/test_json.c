/* JSON texts: what is accepted, refused and rewritten, the limits, and any bytes at all. */
#include "core/base/alloc.h"
#include "core/json/json_tape_read.h"
#include "core/json/json_text.h"
#include "spec/core/check.h"
#include "spec/core/json/json_trial.h"

#define LITERAL(text) text, sizeof text - 1
#define R             "\xEF\xBF\xBD" /* U+FFFD */
#define TEN(x)        x x x x x x x x x x

/* ---- what is accepted, and what becomes of it ---- */

static const struct {
    const char *text;
    size_t length;
    const char *printed; /* NULL: the text itself */
} accepted[] = {
    {LITERAL("null"), NULL},
    {LITERAL("true"), NULL},
    {LITERAL("false"), NULL},
    {LITERAL("0"), NULL},
    {LITERAL("-0"), NULL},
    {LITERAL("-0.0"), "-0"},
    {LITERAL("-12"), NULL},
    {LITERAL("1.0"), "1"},
    {LITERAL("1.25"), NULL},
    {LITERAL("1e2"), "100"},
    {LITERAL("1E+2"), "100"},
    {LITERAL("25e-1"), "2.5"},
    {LITERAL("-0.1e1"), "-1"},
    {LITERAL("\"\""), NULL},
    {LITERAL("\"a\""), NULL},
    {LITERAL("[]"), NULL},
    {LITERAL("{}"), NULL},
    {LITERAL("[[],{},[{}]]"), NULL},
    {LITERAL("[1,\"two\",null,true,false,{\"three\":[3]}]"), NULL},
    {LITERAL("{\"\":0,\" \":1,\"a\":{\"a\":{\"a\":[]}}}"), NULL},
    {LITERAL("{\"a\":1,\"a\":2}"), NULL},
    {LITERAL(" \t\r\n[ 1 ,\n{ \"a\" :\t2 } ]\r\n "), "[1,{\"a\":2}]"},
    {LITERAL("\xEF\xBB\xBF[1]"), "[1]"},
    {LITERAL("\xEF\xBB\xBF 1 "), "1"},
    {LITERAL("\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t\""), "\"\\\" \\\\ / \\b \\f \\n \\r \\t\""},
    {LITERAL("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\""), "\"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
    {LITERAL("\"\\u0001\\u001f\x7F\""), "\"\\u0001\\u001f\x7F\""},
    {LITERAL("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBF\xF4\x8F\xBF\xBF\""), NULL},
    {LITERAL("\"0123456\xC3\xA9-9abcdef0\\n\""), NULL},
    /* integers of 64 bits are numbers, beyond them strings */
    {LITERAL("999999999999999"), NULL},
    {LITERAL("1000000000000000"), NULL},
    {LITERAL("9007199254740991"), NULL},
    {LITERAL("-9007199254740992"), NULL},
    {LITERAL("9007199254740992"), NULL},
    {LITERAL("9007199254740993"), NULL},
    {LITERAL("-9007199254740993"), NULL},
    {LITERAL("576460752303423487"), NULL},
    {LITERAL("576460752303423488"), NULL},
    {LITERAL("-576460752303423488"), NULL},
    {LITERAL("-576460752303423489"), NULL},
    {LITERAL("[9223372036854775807]"), NULL},
    {LITERAL("[-9223372036854775808]"), NULL},
    {LITERAL("[9223372036854775808]"), "[\"9223372036854775808\"]"},
    {LITERAL("[-9223372036854775809]"), "[\"-9223372036854775809\"]"},
    {LITERAL("{\"id\":1618065507111835497,\"x\":1}"), NULL},
    {LITERAL("18446744073709551616"), "\"18446744073709551616\""},
    {LITERAL("10000000000000000"), NULL},
    {LITERAL(TEN("1234567890")), "\"" TEN("1234567890") "\""},
    /* but these say themselves that they are no identifiers */
    {LITERAL("9007199254740994.0"), "9.007199254740994e+15"},
    {LITERAL("1e20"), "1e+20"},
    {LITERAL("12345678901234567890e0"), "1.2345678901234567e+19"},
    /* beyond the doubles */
    {LITERAL("1e308"), "1e+308"},
    {LITERAL("1e309"), "\"1e309\""},
    {LITERAL("[-1.5E+400,2]"), "[\"-1.5E+400\",2]"},
    {LITERAL("1e99999999999999999999"), "\"1e99999999999999999999\""},
    {LITERAL("1e-400"), "0"},
    {LITERAL("5e-324"), "4.94065645841247e-324"},
    {LITERAL("1e00000000000000002"), "100"},
    /* all digits that a double has, and literals longer than any double */
    {LITERAL("0.1"), NULL},
    {LITERAL("0.30000000000000004"), NULL},
    {LITERAL("1.7976931348623157e+308"), NULL},
    {LITERAL("[0." TEN("0000000000") "5]"), "[5e-101]"},
    {LITERAL("{\"a\":1." TEN("0000000000") ",\"b\":2}"), "{\"a\":1,\"b\":2}"},
    {LITERAL("0." TEN("3333333333")), "0.3333333333333333"},
    {LITERAL(TEN(TEN("1000")) ".5"), "\"" TEN(TEN("1000")) ".5\""},
    /* what no C string of a tree or UTF-8 can hold */
    {LITERAL("\"\\u0000\""), "\"" R "\""},
    {LITERAL("{\"a\\u0000b\":\"c\\u0000\"}"), "{\"a" R "b\":\"c" R "\"}"},
    {LITERAL("\"\\ud800\""), "\"" R "\""},
    {LITERAL("\"\\udc00x\""), "\"" R "x\""},
    {LITERAL("\"\\uD83D\\uD83D\\uDE00\""), "\"" R "\xF0\x9F\x98\x80\""},
    {LITERAL("\"\\ud83d\\n\""), "\"" R "\\n\""},
    {LITERAL("\"\\ud83dx\\ude00\""), "\"" R "x" R "\""},
    {LITERAL("\"\\ud83d\\u0041\""), "\"" R "A\""},
    {LITERAL("\"a\xFF\""), "\"a" R "\""},
    {LITERAL("\"\x80\xBF\""), "\"" R R "\""},
    {LITERAL("\"\xC0\xAF\""), "\"" R R "\""},
    {LITERAL("\"\xE2\x82\""), "\"" R "\""},
    {LITERAL("\"\xE2\x82x\""), "\"" R "x\""},
    {LITERAL("\"\xE0\x80\x80\""), "\"" R R R "\""},
    {LITERAL("\"\xED\xA0\x80\""), "\"" R R R "\""},
    {LITERAL("\"\xF0\x9F\x98\""), "\"" R "\""},
    {LITERAL("\"\xF4\x90\x80\x80\""), "\"" R R R R "\""},
    {LITERAL("\"\xF5\xF1\x80\x80\xE1\x80\xC2z\""), "\"" R R R R "z\""},
    {LITERAL("{\"\xFF\":[\"\xFE\",18446744073709551616,\"ok\"]}"),
     "{\"" R "\":[\"" R "\",\"18446744073709551616\",\"ok\"]}"},
};

static void check_accepted(void) {
    for (size_t i = 0; i < COUNT(accepted); i++) {
        ic_error error = {0};
        char *once = reprinted(accepted[i].text, accepted[i].length, &error);
        const char *wanted = accepted[i].printed ? accepted[i].printed : accepted[i].text;
        if (!CHECK_TEXT(once, wanted)) printf("    of     %s\n", accepted[i].text);
        char *twice = once ? reprinted(once, strlen(once), &error) : NULL;
        CHECK_TEXT(twice, once);
        CHECK(error.kind == IC_OK);
        ic_json_text_free(once);
        ic_json_text_free(twice);
        ic_error_clear(&error);
    }
}

/* ---- what is refused ---- */

static const struct {
    const char *text;
    size_t length, at;
    const char *expected;
} refused[] = {
    {LITERAL(""), 1, "a value, found the end"},
    {LITERAL(" \n"), 1, "a value, found the end"},
    {LITERAL("\xEF\xBB\xBF"), 4, "a value, found the end"},
    {LITERAL("\xEF\xBB\xBF\xEF\xBB\xBF[]"), 4, "a value, found byte 0xEF"},
    {LITERAL("<html>"), 1, "a value, found '<'"},
    {LITERAL("'a'"), 1, "a value, found '''"},
    {LITERAL("nul"), 1, "a value, found 'n'"},
    {LITERAL("True"), 1, "a value, found 'T'"},
    {LITERAL("truer"), 5, "nothing after the value, found 'r'"},
    {LITERAL("NaN"), 1, "a value, found 'N'"},
    {LITERAL("Infinity"), 1, "a value, found 'I'"},
    {LITERAL("-Infinity"), 2, "a digit, found 'I'"},
    {LITERAL("[1]\0"), 4, "nothing after the value, found byte 0x00"},
    {LITERAL("[1]x"), 4, "nothing after the value, found 'x'"},
    {LITERAL("1 2"), 3, "nothing after the value, found '2'"},
    {LITERAL("{}}"), 3, "nothing after the value, found '}'"},
    {LITERAL("\0"), 1, "a value, found byte 0x00"},
    {LITERAL("\x0B[]"), 1, "a value, found byte 0x0B"},
    {LITERAL("\xC2\xA0[]"), 1, "a value, found byte 0xC2"},
    {LITERAL("/**/1"), 1, "a value, found '/'"},
    /* numbers */
    {LITERAL("01"), 2, "nothing after the value, found '1'"},
    {LITERAL("[-01]"), 4, "',' or ']', found '1'"},
    {LITERAL("+1"), 1, "a value, found '+'"},
    {LITERAL("-"), 2, "a digit, found the end"},
    {LITERAL("--1"), 2, "a digit, found '-'"},
    {LITERAL(".5"), 1, "a value, found '.'"},
    {LITERAL("1."), 3, "a digit after the decimal point, found the end"},
    {LITERAL("[1.]"), 4, "a digit after the decimal point, found ']'"},
    {LITERAL("1.e1"), 3, "a digit after the decimal point, found 'e'"},
    {LITERAL("1e"), 3, "a digit of the exponent, found the end"},
    {LITERAL("1e+"), 4, "a digit of the exponent, found the end"},
    {LITERAL("1e5.5"), 4, "nothing after the value, found '.'"},
    {LITERAL("0x10"), 2, "nothing after the value, found 'x'"},
    {LITERAL("1_000"), 2, "nothing after the value, found '_'"},
    /* strings */
    {LITERAL("\"abc"), 5, "the string's closing quote, found the end"},
    {LITERAL("\"abc\\\""), 7, "the string's closing quote, found the end"},
    {LITERAL("\"abc\\"), 6, "one of \" \\ / b f n r t u after a backslash, found the end"},
    {LITERAL("\"\\x41\""), 3, "one of \" \\ / b f n r t u after a backslash, found 'x'"},
    {LITERAL("\"\\\0\""), 3, "one of \" \\ / b f n r t u after a backslash, found byte 0x00"},
    {LITERAL("\"\\u12\""), 4, "four hexadecimal digits, found '1'"},
    {LITERAL("\"\\uZZZZ\""), 4, "four hexadecimal digits, found 'Z'"},
    {LITERAL("\"\\ud800\\u00\""), 10, "four hexadecimal digits, found '0'"},
    {LITERAL("\"a\nb\""), 3, "control characters to be escaped, found byte 0x0A"},
    {LITERAL("\"a\0b\""), 3, "control characters to be escaped, found byte 0x00"},
    {LITERAL("\"0123456789abcdef\x1F\""), 18, "control characters to be escaped, found byte 0x1F"},
    {LITERAL("[a\xC3\xA9]"), 2, "a value, found 'a'"},
    /* arrays and objects */
    {LITERAL("["), 2, "a value, found the end"},
    {LITERAL("[1"), 3, "',' or ']', found the end"},
    {LITERAL("[1,"), 4, "a value, found the end"},
    {LITERAL("[1,]"), 4, "a value, found ']'"},
    {LITERAL("[,1]"), 2, "a value, found ','"},
    {LITERAL("[1 2]"), 4, "',' or ']', found '2'"},
    {LITERAL("[1}"), 3, "',' or ']', found '}'"},
    {LITERAL("]"), 1, "a value, found ']'"},
    {LITERAL("{"), 2, "a name in double quotes, found the end"},
    {LITERAL("{a:1}"), 2, "a name in double quotes, found 'a'"},
    {LITERAL("{1:1}"), 2, "a name in double quotes, found '1'"},
    {LITERAL("{\"a\"}"), 5, "':', found '}'"},
    {LITERAL("{\"a\" 1}"), 6, "':', found '1'"},
    {LITERAL("{\"a\":}"), 6, "a value, found '}'"},
    {LITERAL("{\"a\":1,}"), 8, "a name in double quotes, found '}'"},
    {LITERAL("{\"a\":1]"), 7, "',' or '}', found ']'"},
    {LITERAL("{\"a\":1"), 7, "',' or '}', found the end"},
    {LITERAL("{\"a\":[{\"b\":1},2}"), 16, "',' or ']', found '}'"},
};

static void check_refused(void) {
    for (size_t i = 0; i < COUNT(refused); i++) {
        ic_error error = {0};
        char *printed = reprinted(refused[i].text, refused[i].length, &error), wanted[128];
        snprintf(wanted, sizeof wanted, "invalid JSON: expected %s at byte %zu", refused[i].expected,
                 refused[i].at);
        CHECK_TEXT(printed, NULL);
        CHECK(error.kind == IC_ERR_PROTOCOL);
        CHECK_TEXT(ic_error_message(&error), wanted);
        ic_json_text_free(printed);
        ic_error_clear(&error);
    }
    CHECK(!ic_json_parse(NULL, 0, NULL));
}

/* Every byte at every place of a string, whatever stride it is read in. */
static void check_strings(void) {
    long wrong = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 1; at <= 20; at++) {
            char text[] = "\"nopqrnopqrnopqrnopqr\"";
            text[at] = (char)byte; /* after a backslash come n o p q or r, after the last the closing quote */
            bool good = byte >= ' ' && byte != '"' && (byte != '\\' || strchr("nr", text[at + 1]));
            char *printed = reprinted(text, sizeof text - 1, NULL);
            wrong += good != (printed != NULL);
            wrong += good && byte < 0x80 && strcmp(printed, text) != 0;
            wrong += good && byte >= 0x80 && strlen(printed) != sizeof text - 1 + 2;
            ic_json_text_free(printed);
        }
    }
    CHECK(wrong == 0);
}

/* ---- limits ---- */

/* `count` times `unit`, then `last`. */
static char *repeated(const char *unit, size_t count, const char *last) {
    size_t length = strlen(unit);
    char *text = malloc(count * length + strlen(last) + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * length, unit, length);
    strcpy(text + count * length, last);
    return text;
}

static ic_error_kind scanned(const char *text) {
    ic_tape tape = {0};
    ic_error error = {0};
    bool good = ic_tape_read(&tape, text, strlen(text), &error);
    ic_error_kind kind = error.kind;
    CHECK(good == (kind == IC_OK));
    ic_tape_free(&tape);
    ic_error_clear(&error);
    return kind;
}

static void check_depth(const char *unit, const char *last, const char *close, size_t containers) {
    size_t count = IC_JSON_MAX_DEPTH / containers;
    for (size_t more = 0; more < 2; more++) {
        char *opening = repeated(unit, count + more, last), *closing = repeated(close, count + more, "");
        char *text = malloc(strlen(opening) + strlen(closing) + 1);
        strcpy(stpcpy(text, opening), closing);
        ic_error error = {0};
        char *printed = reprinted(text, strlen(text), &error);
        CHECK_TEXT(printed, more ? NULL : text);
        CHECK(error.kind == (more ? IC_ERR_TOO_LARGE : IC_OK));
        ic_json_text_free(printed);
        ic_error_clear(&error);
        free(opening), free(closing), free(text);
    }
}

/* A list of `count` numbers: count + 1 values. */
static char *list_of(size_t count) {
    char *text = repeated("1,", count, "1]");
    text[0] = '[', text[1] = ' '; /* in place of the first number */
    return text;
}

static void check_limits(void) {
    check_depth("[", "", "]", 1);
    check_depth("{\"a\":", "1", "}", 1);
    check_depth("[{\"a\":", "1", "}]", 2);
    char *deep = repeated("[", 10000, "");
    CHECK(scanned(deep) == IC_ERR_TOO_LARGE);
    free(deep);

    char *most = list_of(IC_JSON_MAX_VALUES - 1), *more = list_of(IC_JSON_MAX_VALUES);
    CHECK(scanned(most) == IC_OK);
    CHECK(scanned(more) == IC_ERR_TOO_LARGE);
    free(most), free(more);

    /* 16 MiB of numbers are refused before any tree is built. */
    char *bomb = list_of(8 << 20);
    long before = asked;
    ic_error error = {0};
    CHECK(!ic_json_parse(bomb, strlen(bomb), &error));
    CHECK(error.kind == IC_ERR_TOO_LARGE);
    CHECK(asked == before);
    ic_error_clear(&error);
    free(bomb);
}

/* ---- UTF-8 ---- */

/* The code point in `length` bytes by arithmetic alone, or -1: another way than the module's. */
static long decoded(const unsigned char *bytes, size_t length) {
    static const long least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    long code = length == 1 ? bytes[0] : bytes[0] - lead[length];
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] >> 6 != 2) return -1;
        code = code << 6 | (bytes[i] & 0x3F);
    }
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least[length] || code > 0x10FFFF || surrogate ? -1 : code;
}

static void check_utf8(void) {
    long wrong = 0;
    size_t bad;
    for (unsigned first = 0xC0; first < 0x100; first++) {
        size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        for (unsigned rest = 0; rest < 0x10000; rest++) {
            unsigned char bytes[4] = {(unsigned char)first, (unsigned char)(rest >> 8), (unsigned char)rest,
                                      0xBF};
            if (length == 2) bytes[1] = bytes[2];
            bool valid = first < 0xF8 && decoded(bytes, length) >= 0;
            bad = 1;
            wrong += ic_utf8_valid((char *)bytes, length, &bad) != valid || (!valid && bad != 0);
        }
    }
    CHECK(wrong == 0);
    CHECK(ic_utf8_valid("", 0, &bad));
    CHECK(!ic_utf8_valid("ab\0c", 4, &bad) && bad == 2);
    CHECK(!ic_utf8_valid("ab\xC3\xA9\xC3", 5, &bad) && bad == 4);
}

/* ---- mutations ---- */

/* Changes a few bytes: overwrites, cuts out, or copies from elsewhere in the text. */
static size_t mutate(char *text, size_t length, size_t capacity) {
    static const char likely[] = "[]{},:\"\\u0dDeE+-.19 \n\x00\x1f\x80\xC3\xE2\xEDntf";
    for (uint64_t edits = 1 + next_random() % 4; edits; edits--) {
        size_t at = length ? next_random() % length : 0, count = 1 + next_random() % 8;
        switch (next_random() % 4) {
        case 0:
            if (length) text[at] = likely[next_random() % (sizeof likely - 1)];
            break;
        case 1:
            if (length) text[at] = (char)next_random();
            break;
        case 2:
            if (count > length - at) count = length - at;
            memmove(text + at, text + at + count, length - at - count);
            length -= count;
            break;
        default:
            if (length + count > capacity || count > length) break;
            memmove(text + at + count, text + at, length - at);
            memmove(text + at, text + next_random() % (length - count + 1), count);
            length += count;
        }
    }
    return length;
}

/* Whatever the bytes: an answer or an error with a place in the text, the same answer when it is printed and
 * read again, and nothing left behind. */
static void check_mutations(void) {
    long live = ic_alloc_live(), nodes = held, right = 0;
    for (int i = 0; i < 30000; i++) {
        char text[512];
        size_t from = next_random() % (COUNT(accepted) + 1), length = sizeof greedy - 1;
        memcpy(text, greedy, sizeof greedy);
        if (from < COUNT(accepted) && accepted[from].length < 256) {
            length = accepted[from].length;
            memcpy(text, accepted[from].text, length);
        }
        length = mutate(text, length, sizeof text);

        ic_error error = {0};
        char *once = reprinted(text, length, &error);
        char *twice = once ? reprinted(once, strlen(once), NULL) : NULL;
        size_t bad;
        const char *place = once ? NULL : strstr(ic_error_message(&error), " at byte ");
        bool good =
            once ? twice && strcmp(once, twice) == 0 && ic_utf8_valid(once, strlen(once), &bad)
                 : error.kind == IC_ERR_PROTOCOL && place && strtoul(place + 9, NULL, 10) <= length + 1;
        if (!good) printf("    %.*s\n    %s\n", (int)length, text, once ? once : ic_error_message(&error));
        right += good;
        ic_json_text_free(once);
        ic_json_text_free(twice);
        ic_error_clear(&error);
    }
    CHECK(right == 30000);
    CHECK(ic_alloc_live() == live && held == nodes);
}

int main(void) {
    count_memory();
    check_accepted();
    check_refused();
    check_strings();
    check_limits();
    check_utf8();
    check_mutations();
    CHECK(held == 0);
    CHECK(ic_alloc_live() == 0);
    return check_done("json");
}
