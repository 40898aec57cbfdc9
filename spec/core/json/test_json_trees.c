/* JSON trees: numbers to their last digit, in any locale; members; and memory, threads and forks. */
#include "core/base/alloc.h"
#include "spec/core/check.h"
#include "spec/core/json/json_trial.h"
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

/* Makes two locales in $LOCPATH: "comma", and "momayyez" with a decimal point of two bytes, U+066B. localedef
 * answers 1 for its warnings about all the categories that are left out. */
static const char make_locales[] =
    "cd \"$LOCPATH\" && printf '%s\n' '<code_set_name> UTF-8' '<mb_cur_max> 2' '<mb_cur_min> 1' "
    "'<escape_char> /' '<comment_char> %' CHARMAP '<U0000>..<U007F> /x00 x' '<U066B> /xd9/xab x' "
    "'END CHARMAP' > map || exit\n"
    "for locale in comma=002C momayyez=066B; do\n"
    "printf '%s\n' LC_NUMERIC \"decimal_point \\\"<U${locale#*=}>\\\"\" 'thousands_sep \"\"' 'grouping -1' "
    "'END LC_NUMERIC' > source\n"
    "localedef -c -f ./map -i ./source \"./${locale%=*}\" 2>/dev/null; [ $? -le 1 ] || exit\n"
    "done";

/* A host may have set a locale without a decimal point, for the process or for its thread. */
static void check_locale(void) {
    static const struct {
        const char *name, *shown;
    } locales[] = {{"comma", "1,5"}, {"momayyez", "1\331\2535"}};
    static const char text[] = "[1.5,0.30000000000000004,1e+100]";
    char folder[] = "/tmp/ironclad-locale-XXXXXX";
    if (system("command -v localedef >/dev/null") != 0) {
        printf("core/json_trees: no localedef here, locales are not tested\n");
        return;
    }
    if (!CHECK(mkdtemp(folder))) return;
    setenv("LOCPATH", folder, 1);
    CHECK(system(make_locales) == 0);
    for (size_t i = 0; i < COUNT(locales); i++) {
        if (!CHECK(setlocale(LC_NUMERIC, locales[i].name))) continue;
        char shown[16], *printed;
        snprintf(shown, sizeof shown, "%.1f", 1.5);
        CHECK_TEXT(shown, locales[i].shown);
        CHECK_TEXT(printed = reprinted(text, sizeof text - 1, NULL), text);
        ic_json_text_free(printed);

        locale_t there = duplocale(LC_GLOBAL_LOCALE);
        setlocale(LC_NUMERIC, "C");
        locale_t before = uselocale(there);
        CHECK_TEXT(printed = reprinted(text, sizeof text - 1, NULL), text);
        ic_json_text_free(printed);
        CHECK(uselocale(before) == there);
        freelocale(there);
    }
    CHECK(system("rm -r \"$LOCPATH\"") == 0);
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

/* IC_OK when parsing and printing came through, otherwise why not. */
static ic_error_kind survive(void) {
    ic_error error = {0};
    char *text = reprinted(greedy, strlen(greedy), &error);
    ic_error_kind kind = text || error.kind ? error.kind : IC_ERR_MEMORY;
    ic_json_text_free(text);
    ic_error_clear(&error);
    return kind;
}

/* Fails every allocation in turn, alone (`once`) or with all after it: of the core (`ours`) or of cJSON. */
static void check_memory(bool ours, bool once, long least) {
    long live = ic_alloc_live(), nodes = held, nth = 0;
    ic_error_kind kind;
    do {
        nth++;
        fail_once = once;
        if (!ours)
            fail_in = nth;
        else if (once)
            ic_alloc_fail_only(nth);
        else
            ic_alloc_fail_at(nth);
        kind = survive();
        ic_alloc_fail_at(0);
        fail_in = 0;
        CHECK(kind == IC_OK || kind == IC_ERR_MEMORY);
        CHECK(ic_alloc_live() == live && held == nodes);
    } while (kind != IC_OK && nth < 200);
    CHECK(kind == IC_OK && nth > least);
}

/* ---- threads and fork ---- */

static atomic_bool stop;

static void *parse_until_stopped(void *unused) {
    (void)unused;
    long wrong = 0;
    while (!stop)
        wrong += survive() != IC_OK;
    return (void *)wrong;
}

/* A process may fork while another thread parses: the child must not find the parser locked. */
static void check_fork(void) {
    pthread_t thread;
    void *wrong = NULL;
    if (!CHECK(pthread_create(&thread, NULL, parse_until_stopped, NULL) == 0)) return;
    for (int i = 0; i < 50; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20); /* ends a child that waits for a lock */
            /* Another program ends well: what the other thread held is no leak of the child's. */
            if (ic_json_parse("[1]", 3, NULL)) execlp("true", "true", NULL);
            _exit(1);
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
    for (int once = 0; once < 2; once++) {
        check_memory(true, once, 2);
        check_memory(false, once, 12);
    }
    check_fork();
    CHECK(held == 0);
    CHECK(ic_alloc_live() == 0);
    return check_done("json_trees");
}
