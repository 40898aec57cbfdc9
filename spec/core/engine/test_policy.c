/* Every way in which an attempt can end, for every operation of the catalog, against a table that was written
 * by hand from docs/limits.md.
 *
 * A cell is verdict, outcome and `retryable`:
 *   D done, F fail, R repeat, L too late, W renew   n not done, u unknown   y retryable, - not */
#include "core/engine/policy.h"
#include "spec/core/check.h"

enum { GET, PUT, DELETE, POST, PATCH, METHODS };
/* Each method's column. */
static const int columns[] = {
    [IC_GET] = GET, [IC_PUT] = PUT, [IC_DELETE] = DELETE, [IC_POST] = POST, [IC_PATCH] = PATCH};

// clang-format off
/* How an attempt ended: a transport failure before the first byte was sent or after it, or a status. */
typedef struct {
    bool failed, sent;
    long status;
} ending;
#define UNSENT         {true, false, 0}
#define BROKEN         {true, true, 0}
#define ANSWER(status) {false, true, status}

/* `when`: r renewed before, s sink touched, l retries left; '-' not, '*' either. */
static const struct {
    ending how;
    const char *when, *cell[METHODS];
} table[] = {
    /*             when    GET    PUT    DELETE POST   PATCH */
    {UNSENT,      "*-l", {"Rny", "Rny", "Rny", "Rny", "Rny"}},
    {UNSENT,      "*--", {"Fny", "Fny", "Fny", "Fny", "Fny"}},
    {UNSENT,      "*s*", {"Fny", "Fny", "Fny", "Fny", "Fny"}},
    {BROKEN,      "*-l", {"Rny", "Ruy", "Ruy", "Fu-", "Fu-"}},
    {BROKEN,      "*--", {"Fny", "Fuy", "Fuy", "Fu-", "Fu-"}},
    {BROKEN,      "*s*", {"Fny", "Fuy", "Fuy", "Fu-", "Fu-"}},
    {ANSWER(200), "***", {"D",   "D",   "D",   "D",   "D"}},
    {ANSWER(204), "***", {"D",   "D",   "D",   "D",   "D"}},
    {ANSWER(400), "***", {"Fn-", "Fn-", "Fn-", "Fn-", "Fn-"}},
    {ANSWER(401), "--*", {"Wn-", "Wn-", "Wn-", "Wn-", "Wn-"}},
    {ANSWER(401), "r-*", {"Fn-", "Fn-", "Fn-", "Fn-", "Fn-"}},
    {ANSWER(401), "*s*", {"Fn-", "Fn-", "Fn-", "Fn-", "Fn-"}},
    {ANSWER(403), "***", {"Fn-", "Fn-", "Fn-", "Fn-", "Fn-"}},
    {ANSWER(404), "***", {"Fn-", "Fn-", "Fn-", "Fn-", "Fn-"}},
    {ANSWER(408), "*-l", {"Rny", "Rny", "Rny", "Fny", "Fny"}},
    {ANSWER(408), "*--", {"Fny", "Fny", "Fny", "Fny", "Fny"}},
    {ANSWER(408), "*s*", {"Fny", "Fny", "Fny", "Fny", "Fny"}},
    {ANSWER(409), "***", {"Fn-", "Fn-", "Fn-", "Fn-", "Fn-"}},
    {ANSWER(425), "*-l", {"Rny", "Rny", "Rny", "Fny", "Fny"}},
    {ANSWER(425), "*--", {"Fny", "Fny", "Fny", "Fny", "Fny"}},
    {ANSWER(425), "*s*", {"Fny", "Fny", "Fny", "Fny", "Fny"}},
    {ANSWER(429), "*-l", {"Rny", "Rny", "Rny", "Rny", "Rny"}},
    {ANSWER(429), "*--", {"Fny", "Fny", "Fny", "Fny", "Fny"}},
    {ANSWER(429), "*s*", {"Fny", "Fny", "Fny", "Fny", "Fny"}},
    {ANSWER(500), "***", {"Fn-", "Fu-", "Fu-", "Fu-", "Fu-"}},
    {ANSWER(502), "*-l", {"Rny", "Ruy", "Ruy", "Fu-", "Fu-"}},
    {ANSWER(502), "*--", {"Fny", "Fuy", "Fuy", "Fu-", "Fu-"}},
    {ANSWER(502), "*s*", {"Fny", "Fuy", "Fuy", "Fu-", "Fu-"}},
    {ANSWER(503), "*-l", {"Rny", "Ruy", "Ruy", "Fu-", "Fu-"}},
    {ANSWER(503), "*--", {"Fny", "Fuy", "Fuy", "Fu-", "Fu-"}},
    {ANSWER(503), "*s*", {"Fny", "Fuy", "Fuy", "Fu-", "Fu-"}},
    {ANSWER(504), "*-l", {"Rny", "Ruy", "Ruy", "Fu-", "Fu-"}},
    {ANSWER(504), "*--", {"Fny", "Fuy", "Fuy", "Fu-", "Fu-"}},
    {ANSWER(504), "*s*", {"Fny", "Fuy", "Fuy", "Fu-", "Fu-"}},
};
// clang-format on
static const ending endings[] = {UNSENT,      BROKEN,      ANSWER(200), ANSWER(204), ANSWER(400), ANSWER(401),
                                 ANSWER(403), ANSWER(404), ANSWER(408), ANSWER(409), ANSWER(425), ANSWER(429),
                                 ANSWER(500), ANSWER(502), ANSWER(503), ANSWER(504)};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* An attempt of a call that has retries, a renewal and time left. */
static ic_attempt fresh(ic_method method) {
    return (ic_attempt){.method = method,
                        .repeatable = method == IC_GET || method == IC_PUT || method == IC_DELETE,
                        .reads = method == IC_GET,
                        .sent = true,
                        .status = 200,
                        .retry_after = -1,
                        .max_retries = 3,
                        .renewable = true,
                        .now = 1000,
                        .deadline = 1300,
                        .random = 0.5};
}

static bool is_cell(const ic_attempt *attempt, const char *cell) {
    static const char verdicts[] = {[IC_VERDICT_DONE] = 'D',
                                    [IC_VERDICT_FAIL] = 'F',
                                    [IC_VERDICT_RENEW] = 'W',
                                    [IC_VERDICT_REPEAT] = 'R',
                                    [IC_VERDICT_TOO_LATE] = 'L'};
    ic_decision decision = ic_policy_decide(attempt);
    char got[4] = {verdicts[decision.verdict]};
    if (decision.verdict != IC_VERDICT_DONE) {
        got[1] = decision.outcome == IC_OUTCOME_UNKNOWN ? 'u' : 'n';
        got[2] = decision.retryable ? 'y' : '-';
    }
    if (CHECK_TEXT(got, cell)) return true;
    printf("    %s failure %d status %ld sent %d renewed %d sink %d retries %d of %d earlier %d\n",
           (const char *[]){"GET", "POST", "PUT", "PATCH", "DELETE"}[attempt->method], attempt->failure,
           attempt->status, attempt->sent, attempt->renewed, attempt->sink_touched, attempt->retries,
           attempt->max_retries, attempt->earlier_unknown);
    return false;
}

static bool same_ending(const ending *a, const ending *b) {
    return a->failed == b->failed && a->sent == b->sent && a->status == b->status;
}

/* The row of the table for an ending and its circumstances; there is exactly one. */
static const char *cell_of(const ending *how, const char *when, int method) {
    const char *cell = NULL;
    for (size_t i = 0; i < COUNT(table); i++) {
        bool fits = same_ending(&table[i].how, how);
        for (int flag = 0; flag < 3; flag++)
            fits = fits && (table[i].when[flag] == '*' || table[i].when[flag] == when[flag]);
        if (!fits) continue;
        CHECK(cell == NULL);
        cell = table[i].cell[method];
    }
    return cell;
}

/* `bits`: renewed before, sink touched, retries left. */
static void check_cell(const ic_operation *operation, const ending *how, ic_error_kind failure, int bits) {
    char when[4] = {bits & 1 ? 'r' : '-', bits & 2 ? 's' : '-', bits & 4 ? 'l' : '-', '\0'};
    ic_attempt attempt = fresh(operation->method);
    attempt.repeatable = operation->repeatable;
    attempt.reads = operation->reads;
    attempt.failure = how->failed ? failure : IC_OK;
    attempt.sent = how->sent;
    attempt.status = how->status;
    attempt.renewed = bits & 1;
    attempt.sink_touched = bits & 2;
    attempt.retries = bits & 4 ? 2 : 3;
    /* What only reads is treated as a GET, and what must not be sent twice as a POST, whatever its method is.
     */
    int column = operation->reads ? GET : operation->repeatable ? columns[operation->method] : POST;
    const char *cell = cell_of(how, when, column);
    if (CHECK(cell != NULL) && !is_cell(&attempt, cell)) printf("    of %s\n", operation->id);
}

static void check_table(ic_error_kind failure) {
    for (size_t i = 0; i < ic_operation_count; i++)
        for (size_t k = 0; k < COUNT(endings); k++)
            for (int bits = 0; bits < 8; bits++)
                check_cell(&ic_operations[i], &endings[k], failure, bits);
}

/* Cases beyond the table's three circumstances. */
// clang-format off
static const struct {
    ic_method method;
    ic_error_kind failure;
    bool sent, earlier_unknown;
    long status;
    const char *cell;
} single[] = {
    /* Only a DELETE has succeeded when its repeat finds nothing. */
    {IC_DELETE, IC_OK, true, true,  404, "D"},
    {IC_DELETE, IC_OK, true, false, 404, "Fn-"},
    {IC_DELETE, IC_OK, true, true,  400, "Fu-"},
    {IC_DELETE, IC_OK, true, true,  403, "Fu-"},
    {IC_PUT,    IC_OK, true, true,  404, "Fu-"},
    {IC_GET,    IC_OK, true, true,  404, "Fn-"},
    /* After an earlier unknown outcome the outcome stays unknown, whatever follows. */
    {IC_PUT,    IC_OK,          true,  true, 200, "D"},
    {IC_PUT,    IC_OK,          true,  true, 401, "Wu-"},
    {IC_PUT,    IC_OK,          true,  true, 409, "Fu-"},
    {IC_PUT,    IC_OK,          true,  true, 429, "Ruy"},
    {IC_PUT,    IC_ERR_NETWORK, false, true, 0,   "Ruy"},
    {IC_PUT,    IC_ERR_TLS,     false, true, 0,   "Fu-"},
    {IC_DELETE, IC_ERR_TIMEOUT, true,  true, 0,   "Ruy"},
    /* Failures that waiting does not help with. */
    {IC_GET,    IC_ERR_TLS,       false, false, 0, "Fn-"},
    {IC_PUT,    IC_ERR_TLS,       false, false, 0, "Fn-"},
    {IC_POST,   IC_ERR_TLS,       false, false, 0, "Fn-"},
    {IC_POST,   IC_ERR_TLS,       true,  false, 0, "Fu-"},
    {IC_GET,    IC_ERR_PROTOCOL,  true,  false, 0, "Fn-"},
    {IC_POST,   IC_ERR_PROTOCOL,  true,  false, 0, "Fu-"},
    {IC_PUT,    IC_ERR_PROTOCOL,  true,  false, 0, "Fu-"},
    {IC_GET,    IC_ERR_TOO_LARGE, true,  false, 0, "Fn-"},
    {IC_POST,   IC_ERR_TOO_LARGE, true,  false, 0, "Fu-"},
    {IC_GET,    IC_ERR_IO,        true,  false, 0, "Fn-"},
    {IC_POST,   IC_ERR_IO,        false, false, 0, "Fn-"},
    {IC_PATCH,  IC_ERR_CANCELLED, true,  false, 0, "Fu-"},
    {IC_PATCH,  IC_ERR_CANCELLED, false, false, 0, "Fn-"},
    {IC_GET,    IC_ERR_MEMORY,    true,  false, 0, "Fn-"},
    {IC_POST,   IC_ERR_AUTH,      false, false, 0, "Fn-"}, /* there is no token */
    /* Other statuses. */
    {IC_POST,   IC_OK, true, false, 202, "D"},
    {IC_GET,    IC_OK, true, false, 304, "Fn-"},
    {IC_POST,   IC_OK, true, false, 307, "Fu-"},
    {IC_PATCH,  IC_OK, true, false, 422, "Fn-"},
    {IC_GET,    IC_OK, true, false, 501, "Fn-"},
    {IC_POST,   IC_OK, true, false, 599, "Fu-"},
};
// clang-format on

static void test_single(void) {
    for (size_t i = 0; i < COUNT(single); i++) {
        ic_attempt attempt = fresh(single[i].method);
        attempt.failure = single[i].failure;
        attempt.sent = single[i].sent;
        attempt.status = single[i].status;
        attempt.earlier_unknown = single[i].earlier_unknown;
        is_cell(&attempt, single[i].cell);
    }
}

/* Whether the operation may be repeated decides, not its method; and whether another token can be fetched. */
static void test_operation(void) {
    ic_attempt search = fresh(IC_POST);
    search.repeatable = true, search.status = 503;
    is_cell(&search, "Ruy");
    ic_attempt replace = fresh(IC_PUT);
    replace.repeatable = false, replace.status = 503;
    is_cell(&replace, "Fu-");
    replace.status = 429;
    is_cell(&replace, "Rny");
    ic_attempt fixed_token = fresh(IC_GET);
    fixed_token.renewable = false, fixed_token.status = 401;
    is_cell(&fixed_token, "Fn-");
    ic_attempt once_only = fresh(IC_GET);
    once_only.max_retries = 0, once_only.status = 503;
    is_cell(&once_only, "Fny");
    once_only.status = 401; /* a renewal is not a repeat */
    is_cell(&once_only, "Wn-");
}

static const struct {
    int retries;
    double random, retry_after, pause;
} pauses[] = {
    {0, 0.5, -1, 0.25}, {1, 0.5, -1, 0.5},   {2, 0.5, -1, 1},    {3, 0.5, -1, 2},      {4, 0.5, -1, 4},
    {5, 0.5, -1, 8},    {6, 0.5, -1, 10}, /* at most 20 s */
    {7, 0.5, -1, 10},   {5000, 0.5, -1, 10}, {0, 0, -1, 0},      {3, 0, -1, 0},        {3, 0.25, -1, 1},
    {0, 0, 7, 7}, /* Retry-After, plus a random part of a tenth of it, of one second at most */
    {4, 0, 7, 7},       {0, 0.5, 4, 4.2},    {0, 0.5, 10, 10.5}, {0, 0.5, 100, 100.5}, {9, 0.5, 0, 0},
};

static void test_pauses(void) {
    for (size_t i = 0; i < COUNT(pauses); i++) {
        ic_attempt attempt = fresh(IC_GET);
        attempt.status = 503;
        attempt.max_retries = 10000;
        attempt.retries = pauses[i].retries;
        attempt.random = pauses[i].random;
        attempt.retry_after = pauses[i].retry_after;
        CHECK(ic_policy_decide(&attempt).verdict == IC_VERDICT_REPEAT);
        if (!CHECK_NEAR(ic_policy_decide(&attempt).pause, pauses[i].pause))
            printf("    row %zu: %g\n", i, ic_policy_decide(&attempt).pause);
    }
    /* Without a deadline no answer makes a call wait longer than a minute. */
    ic_attempt endless = fresh(IC_GET);
    endless.status = 429, endless.max_retries = 1, endless.deadline = 0;
    for (endless.retry_after = 50; endless.retry_after < 1e9; endless.retry_after *= 2)
        CHECK_NEAR(ic_policy_decide(&endless).pause, endless.retry_after > 50 ? 60 : 50 + endless.random);
}

static const struct {
    double deadline, retry_after;
    ic_verdict verdict;
} deadlines[] = {
    {1030, 29, IC_VERDICT_REPEAT},   {1030, 30, IC_VERDICT_TOO_LATE}, /* the pause ends at the deadline */
    {1030, 31, IC_VERDICT_TOO_LATE}, {0, 29, IC_VERDICT_REPEAT},      /* no deadline */
    {1000, -1, IC_VERDICT_TOO_LATE}, {990, 0, IC_VERDICT_TOO_LATE},   {1000.0001, -1, IC_VERDICT_REPEAT},
};

static void test_deadlines(void) {
    for (size_t i = 0; i < COUNT(deadlines); i++) {
        ic_attempt attempt = fresh(IC_POST);
        attempt.status = 429;
        attempt.random = 0;
        attempt.deadline = deadlines[i].deadline;
        attempt.retry_after = deadlines[i].retry_after;
        ic_decision decision = ic_policy_decide(&attempt);
        CHECK(decision.verdict == deadlines[i].verdict);
        CHECK(decision.retryable && decision.outcome == IC_OUTCOME_NOT_DONE);
        CHECK_NEAR(decision.pause, fmax(deadlines[i].retry_after, 0));
    }
    ic_attempt attempt = fresh(IC_PUT);
    attempt.status = 503, attempt.retry_after = 301;
    is_cell(&attempt, "Luy");
    attempt.retries = 3; /* no retries are left: time does not matter */
    is_cell(&attempt, "Fuy");
}
int main(void) {
    check_table(IC_ERR_NETWORK);
    check_table(IC_ERR_TIMEOUT);
    test_single();
    test_operation();
    test_pauses();
    test_deadlines();
    return check_done("policy");
}
