/* One attempt in, one decision out. What the caller must do:
 * - Ironclad reports some "not found" as 400 with the code NOT_FOUND. For those set `status` to 404, so that
 * a repeated DELETE is recognised as having found nothing.
 * - The failure TLS means a peer that cannot be trusted (certificate, host name, version): it is never
 * repeated. A handshake that just broke off is NETWORK.
 * - `outcome` and `retryable` are set with every verdict but DONE. A call that continues after
 *   IC_OUTCOME_UNKNOWN sets `earlier_unknown` from then on.
 * - A renewal does not count towards max_retries. After RENEW set `renewed`.
 * - TOO_LATE after a 429 or a Retry-After is `rate_limited`; otherwise the attempt's own error stays.
 * - A redirect is not decided here. */
#include "core/engine/policy.h"
#include <math.h>

/* Full jitter: a random part of an exponentially growing pause, so that calls that failed together do not
 * come back together. */
#define BACKOFF_FIRST   0.5  /* seconds */
#define BACKOFF_LONGEST 20.0 /* seconds; reached with the seventh retry */
#define BACKOFF_GROWS   6    /* retries */

/* Calls that were refused together with the same Retry-After come back spread over the time after it: a tenth
 * of it, at most a second. Never before it; only the deadline limits it. */
#define RETRY_AFTER_SPREAD     0.1
#define RETRY_AFTER_SPREAD_MAX 1.0 /* seconds */

/* The longest pause of a call without a deadline, whatever the service says. With one, the deadline is the
 * limit. */
#define PAUSE_MAX 60.0 /* seconds; as long as Ironclad's rate limits look back */

/* The statuses after which the same request may succeed. With `refused`, the status says that Ironclad has
 * not begun to process the request, so an operation of any method may be sent again. */
static const struct {
    long status;
    bool refused;
} passing[] = {{408, false}, {425, false}, {429, true}, {502, false}, {503, false}, {504, false}};

/* Whether waiting may help. Sets `*refused` when it is certain that Ironclad has not begun to process the
 * request: it was not sent, or the status says so. Waiting does not help with a certificate that does not
 * verify, an answer that is not HTTP or is too large, or a full disk. */
static bool policy_may_pass(const ic_attempt *attempt, bool *refused) {
    *refused = false;
    if (attempt->failure != IC_OK) {
        *refused = !attempt->sent;
        return attempt->failure == IC_ERR_NETWORK || attempt->failure == IC_ERR_TIMEOUT;
    }
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        if (attempt->status != passing[i].status) continue;
        *refused = passing[i].refused;
        return true;
    }
    return false;
}

/* A read changes nothing. Anything else has not been done if it was never sent, or if the answer is a refusal
 * (4xx or 501). Without an answer, after a 5xx, and after an earlier unknown outcome, it is unknown. */
static ic_outcome policy_outcome(const ic_attempt *attempt) {
    if (attempt->reads) return IC_OUTCOME_NOT_DONE;
    bool answered = attempt->failure == IC_OK;
    bool refused = attempt->status == 501 || (attempt->status >= 400 && attempt->status < 500);
    bool not_done = answered ? refused : !attempt->sent;
    return not_done && !attempt->earlier_unknown ? IC_OUTCOME_NOT_DONE : IC_OUTCOME_UNKNOWN;
}

static bool policy_is_done(const ic_attempt *attempt) {
    if (attempt->failure != IC_OK) return false;
    if (attempt->status >= 200 && attempt->status < 300) return true;
    return attempt->method == IC_DELETE && attempt->status == 404 && attempt->earlier_unknown;
}

static double policy_pause(const ic_attempt *attempt) {
    double said = attempt->retry_after;
    if (said >= 0) return said + attempt->random * fmin(said * RETRY_AFTER_SPREAD, RETRY_AFTER_SPREAD_MAX);
    double longest = BACKOFF_LONGEST;
    if (attempt->retries < BACKOFF_GROWS) longest = fmin(longest, ldexp(BACKOFF_FIRST, attempt->retries));
    return attempt->random * longest;
}

ic_decision ic_policy_decide(const ic_attempt *attempt) {
    if (policy_is_done(attempt)) return (ic_decision){.verdict = IC_VERDICT_DONE};

    bool refused, passing_fault = policy_may_pass(attempt, &refused);
    ic_decision decision = {.verdict = IC_VERDICT_FAIL, .outcome = policy_outcome(attempt)};
    /* Whether the call is `retryable`. A script may repeat such a call, so this is never true where a
     * repetition could change something twice. */
    decision.retryable = passing_fault && (attempt->repeatable || decision.outcome == IC_OUTCOME_NOT_DONE);
    if (attempt->sink_touched) return decision;

    if (attempt->failure == IC_OK && attempt->status == 401 && attempt->renewable && !attempt->renewed) {
        decision.verdict = IC_VERDICT_RENEW;
        return decision;
    }
    if (!passing_fault || !(attempt->repeatable || refused)) return decision;
    if (attempt->retries >= attempt->max_retries) return decision;

    decision.pause = policy_pause(attempt);
    if (!attempt->deadline) decision.pause = fmin(decision.pause, PAUSE_MAX);
    bool too_late = attempt->deadline != 0 && attempt->now + decision.pause >= attempt->deadline;
    decision.verdict = too_late ? IC_VERDICT_TOO_LATE : IC_VERDICT_REPEAT;
    return decision;
}
