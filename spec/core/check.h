/* The whole test harness of the core's C tests: count, print what failed, exit with the verdict. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdio.h>
#include <string.h>

static int check_passed, check_failed;

static inline int check_that(int ok, const char *file, int line, const char *what) {
    if (ok) {
        check_passed++;
    } else {
        check_failed++;
        printf("%s:%d: failed: %s\n", file, line, what);
    }
    return ok;
}

static inline int check_text(const char *got, const char *wanted, const char *file, int line) {
    int ok = got && wanted ? strcmp(got, wanted) == 0 : got == wanted;
    if (!check_that(ok, file, line, "texts are the same"))
        printf("    got    %s\n    wanted %s\n", got ? got : "(null)", wanted ? wanted : "(null)");
    return ok;
}

#define CHECK(condition)        check_that(!!(condition), __FILE__, __LINE__, #condition)
#define CHECK_TEXT(got, wanted) check_text((got), (wanted), __FILE__, __LINE__)
#define CHECK_NEAR(got, wanted) CHECK(fabs((got) - (wanted)) < 1e-9)

/* Ends main: `return check_done("json");` */
static inline int check_done(const char *suite) {
    printf("core/%s: %d passed, %d failed\n", suite, check_passed, check_failed);
    return check_failed ? 1 : 0;
}

#endif
