/* Retry-After: seconds, the three forms of an HTTP-date, and what is neither. */
#include "core/http/retry_after.h"
#include "spec/core/check.h"

#define NOON 784123200.0 /* Sunday, 6 November 1994, 12:00:00 GMT */

static void test_retry_after(void) {
    static const struct {
        const char *value;
        double seconds;
    } cases[] = {
        {"0", 0},
        {"120", 120},
        {"  7\t", 7},
        {"86400000", 86400000}, /* not capped */
        {"99999999999999999999", 1e20},
        {"1.5", 2}, /* rounded up */
        {"0.001", 1},
        {"3.0", 3},
        {"1.5.5", -1},
        {"1.5 s", -1},
        {".5", -1},
        {"Sun, 06 Nov 1994 12:00:30 GMT", 30},
        {"Sunday, 06-Nov-94 12:01:00 GMT", 60},
        {"Sun Nov  6 12:00:01 1994", 1},
        {"Sun, 06 Nov 1994 11:00:00 GMT", 0}, /* has passed */
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {NULL, -1},
        {"", -1},
        {" ", -1},
        {"-5", -1},
        {"+5", -1},
        {"1e3", -1},
        {"0x10", -1},
        {"5 seconds", -1},
        {"5,6", -1},
        {"soon", -1},
        {"Sunday", -1},
        {"nan", -1},
        {"inf", -1},
        {"Sun, 06 Nov please", -1},
        {"Sun, 66 Nov 1994 12:00:30 GMT", -1},
        {"1994-11-06 12:00:30", -1},
        {"-06 Nov 1994 12:00:30 GMT", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!CHECK(ic_retry_after(cases[i].value, NOON) == cases[i].seconds))
            printf("    for %s\n", cases[i].value ? cases[i].value : "(null)");
    CHECK_NEAR(ic_retry_after("Sun, 06 Nov 1994 12:00:30 GMT", NOON + 0.25), 29.75);
    char digits[1000] = "";
    memset(digits, '9', sizeof digits - 1);
    CHECK(ic_retry_after(digits, NOON) == -1); /* beyond the doubles */
}

int main(void) {
    test_retry_after();
    return check_done("retry_after");
}
