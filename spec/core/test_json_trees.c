/* JSON trees: numbers to their last digit, in any locale; members; and memory, threads and forks. */
#include "alloc.h"
#include "check.h"
#include "json_trial.h"
#include <float.h>
#include <locale.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- numbers ---- */

/* A double is printed as a number that gives the same double back. */
static void check_double(double value) {
    cJSON *node = cJSON_CreateNumber(value);
    char *text = ic_json_print(node);
    cJSON *again = ic_json_parse(text, strlen(text), NULL);
    if (!CHECK(cJSON_IsNumber(again) && memcmp(&again->valuedouble, &value, sizeof value) == 0))
        printf("    %.17g became %s\n", value, text);
    cJSON_Delete(node);
    cJSON_Delete(again);
    ic_json_text_free(text);
}

static void check_numbers(void) {
    static const double values[] = {0,        -0.0,  1,      -1,      0.1,     0.1 + 0.2, 1e15,
                                    1e15 + 1, 1e16,  1e17,   DBL_MAX, DBL_MIN, 1e21,      4.35e-9,
                                    5e-324,   19.99, -1e100, 1.0 / 3, 2e9,     1 / 0.7};
    for (size_t i = 0; i < COUNT(values); i++)
        check_double(values[i]);
    for (double away = -20; away <= 20; away++)
        check_double(9007199254740992.0 + away), check_double(-9007199254740992.0 + away);
    for (int i = 0; i < 5000; i++) {
        uint64_t bits = next_random();
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) check_double(value);
        check_double((double)(bits % 100000000) / 100);
    }

    static const struct {
        long long value;
        const char *text;
    } integers[] = {{0, "0"},
                    {-7, "-7"},
                    {1000000000000000, "1000000000000000"},
                    {9007199254740993, "9007199254740993"},
                    {INT64_MAX, "9223372036854775807"},
                    {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < COUNT(integers); i++) {
        cJSON *node = ic_json_integer(integers[i].value);
        char *text = ic_json_print(node);
        CHECK_TEXT(text, integers[i].text);
        ic_json_text_free(text);
        cJSON_Delete(node);
    }
}

/* A host may have set a locale with a decimal comma, for the process or for its thread. Such locales are not
 * everywhere; LOCPATH may lead to one. */
static void check_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8", "ps_AF.UTF-8",
                                        "fa_IR.UTF-8"};
    static const char text[] = "[1.5,0.30000000000000004,\"1e999\"]";
    for (size_t i = 0; i < COUNT(names); i++) {
        locale_t comma = newlocale(LC_ALL_MASK, names[i], (locale_t)0);
        if (!comma) continue;
        locale_t before = uselocale(comma);
        char shown[16], *printed;
        snprintf(shown, sizeof shown, "%.1f", 1.5);
        CHECK(strcmp(shown, "1.5") != 0);
        CHECK_TEXT(printed = reprinted("[1.5,0.30000000000000004,1e999]", 31, NULL), text);
        ic_json_text_free(printed);
        CHECK(uselocale(before) == comma);
        freelocale(comma);

        setlocale(LC_ALL, names[i]);
        CHECK_TEXT(printed = reprinted(text, sizeof text - 1, NULL), text);
        ic_json_text_free(printed);
        setlocale(LC_ALL, "C");
    }
}

/* ---- looking into trees ---- */

static void check_members(void) {
    static const char text[] = "{\"Name\":1,\"name\":\"x\",\"list\":[{}]}";
    cJSON *tree = ic_json_parse(text, strlen(text), NULL);
    CHECK_TEXT(ic_json_string(tree, "name"), "x");
    CHECK(!ic_json_string(tree, "Name"));
    CHECK(!ic_json_string(tree, "NAME"));
    CHECK(cJSON_IsNumber(ic_json_member(tree, "Name")));
    CHECK(!ic_json_member(ic_json_member(tree, "list"), "name"));
    CHECK(!ic_json_member(NULL, "name"));

    cJSON *file = cJSON_AddNullToObject(tree, "file");
    file->type = IC_JSON_FILE;
    CHECK(!ic_json_print(tree));
    CHECK(!ic_json_print(NULL));
    cJSON_Delete(tree);
}

/* ---- memory ---- */

/* Whether parsing and printing came through. */
static bool survives(void) {
    ic_error error = {0};
    char *text = reprinted(greedy, strlen(greedy), &error);
    bool done = text != NULL;
    ic_json_text_free(text);
    ic_error_clear(&error);
    return done;
}

static void check_memory(void) {
    long live = ic_alloc_live(), nodes = held, nth = 0;
    bool done;
    do {
        ic_alloc_fail_at(++nth);
        done = survives();
        ic_alloc_fail_at(0);
        CHECK(ic_alloc_live() == live && held == nodes);
    } while (!done && nth < 100);
    CHECK(done && nth > 2);
    nth = 0;
    do {
        fail_in = ++nth;
        done = survives();
        fail_in = 0;
        CHECK(ic_alloc_live() == live && held == nodes);
    } while (!done && nth < 200);
    CHECK(done && nth > 20);
}

/* ---- threads and fork ---- */

static atomic_bool stop;

static void *parse_until_stopped(void *unused) {
    (void)unused;
    long wrong = 0;
    while (!stop)
        wrong += !survives();
    return (void *)wrong;
}

/* A process may fork while another thread parses: the child must not find the parser locked. */
static void check_fork(void) {
    pthread_t thread;
    void *wrong = NULL;
    if (!CHECK(pthread_create(&thread, NULL, parse_until_stopped, NULL) == 0)) return;
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20); /* ends a child that waits for a lock */
            cJSON *tree = ic_json_parse("[1]", 3, NULL);
            _exit(tree ? 0 : 1);
        }
        int status = -1;
        waitpid(child, &status, 0);
        CHECK(status == 0);
    }
    stop = true;
    pthread_join(thread, &wrong);
    CHECK(!wrong);
}

int main(void) {
    count_memory();
    check_numbers();
    check_locale();
    check_members();
    check_memory();
    check_fork();
    CHECK(held == 0);
    CHECK(ic_alloc_live() == 0);
    return check_done("json_trees");
}
