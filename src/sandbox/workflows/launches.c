#include "sandbox/workflows/launches.h"
#include "core/base/alloc.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/launch.h"
#include "sandbox/workflows/workflow_view.h"
#include <stdio.h>
#include <string.h>

#define LAUNCHES_MAX 1000 /* beyond it the oldest are removed */

typedef struct launch {
    char id[5 + 32 + 1];   /* "jobId" and 32 hexadecimal digits */
    ic_time due;           /* when it takes effect */
    cJSON *request;        /* the body; owned */
    cJSON *error;          /* why the launch failed; owned; NULL: it succeeded */
    ic_workflow *workflow; /* owned until it has begun, then by the company */
    bool begun;
} launch;

static void launch_free(launch *job) {
    if (job->workflow && !job->begun) ic_workflow_free(job->workflow);
    cJSON_Delete(job->request);
    cJSON_Delete(job->error);
    ic_free(job);
}

void ic_launches_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->launches, launch *, launch_free);
}

/* When out of memory it is tried again at the next request. */
void ic_launches_settle(ic_company *company) {
    ic_time now = ic_company_now(company);
    for (size_t i = company->launches_begun; i < company->launches.count; i++) {
        launch *job = company->launches.items[i];
        if (job->due > now) return;
        if (job->workflow && !ic_workflow_begin(company, job->workflow, job->due)) return;
        job->begun = true;
        company->launches_begun = i + 1;
    }
}

/* --- start --- */

/* Removes only a launch that has begun. Pending ones are bounded, because each is due soon. */
static void launch_remove_oldest(ic_company *company) {
    ic_array *jobs = &company->launches;
    if (jobs->count <= LAUNCHES_MAX || !company->launches_begun) return;
    IC_ARRAY_FREE_FIRST(jobs, 1, launch *, launch_free);
    company->launches_begun--;
}

/* Takes ownership of the workflow and the error, also when it fails. NULL: no memory. */
static launch *launch_add(ic_exchange *x, ic_workflow *workflow, cJSON *error) {
    ic_company *company = x->company;
    launch *job = ic_calloc(1, sizeof *job);
    if (!job) {
        if (workflow) ic_workflow_free(workflow);
        cJSON_Delete(error);
        return NULL;
    }
    char digits[33];
    ic_random_hex(company, digits, 32);
    snprintf(job->id, sizeof job->id, "jobId%s", digits);
    job->due = ic_company_now(company) + (ic_time)(company->job_seconds * 1000);
    job->workflow = workflow;
    job->error = error;
    job->request = cJSON_Duplicate(x->body, true);
    if (job->request && !ic_json_member(job->request, "creator")) {
        cJSON *creator = ic_put(job->request, "creator", cJSON_CreateObject());
        ic_put_text(creator, "type", "id");
        ic_put_text(creator, "id", x->user->id);
    }
    if (job->request && (workflow || error) && ic_array_push(&company->launches, job)) {
        launch_remove_oldest(company);
        return job;
    }
    launch_free(job);
    return NULL;
}

/* The error that the launch was answered with, and where a person can launch instead. NULL: no memory. */
static cJSON *launch_take_error(const ic_exchange *x) {
    const char *id = ic_json_string(x->body, "template");
    cJSON *error = x->text ? ic_json_parse(x->text, strlen(x->text), NULL) : NULL;
    if (!error) return NULL;
    ic_buf url = {0};
    ic_buf_printf(&url, "%s/c/%s/workflows/launch/%s", x->company->url, x->company->id, id);
    ic_put_text(error, "redirectUrl", ic_buf_text(&url));
    ic_buf_free(&url);
    return error;
}

void ic_launches_start(ic_exchange *x) {
    const char *template = ic_json_string(x->body, "template");
    if (!ic_company_template(x->company, template)) {
        ic_reply_error(x, 400, "INVALID_PARAM", "template", "workflow template not found");
        return;
    }
    ic_workflow *workflow = ic_workflow_prepare(x);
    const launch *job =
        workflow || x->text ? launch_add(x, workflow, workflow ? NULL : launch_take_error(x)) : NULL;
    if (!job) {
        ic_reply_no_memory(x);
        return;
    }
    ic_buf url = {0};
    ic_buf_printf(&url, "%s/public/api/v1/workflows/async/%s", x->company->url, job->id);
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "asyncJobId", job->id);
    ic_put_text(answer, "asyncJobStatusUrl", ic_buf_text(&url));
    ic_reply_json(x, 200, answer);
    ic_buf_free(&url);
}

/* --- status --- */

static void launch_put_url(cJSON *urls, const char *name, const ic_company *company, const char *path,
                           const ic_workflow *workflow) {
    ic_buf url = {0};
    ic_buf_printf(&url, "%s%s/workflows/%s", company->url, path, workflow->id);
    ic_put_text(urls, name, ic_buf_text(&url));
    ic_buf_free(&url);
}

/* LaunchedWorkflow and WorkflowResponseModel have different names for the last state of signatures. */
static cJSON *launch_workflow_view(const ic_company *company, const ic_workflow *workflow) {
    cJSON *view = ic_workflow_view(company, workflow, false),
          *signatures = ic_json_member(view, "signatures");
    const char *state = ic_json_string(signatures, "state");
    if (state && strcmp(state, "completed") == 0) ic_set(signatures, "state", cJSON_CreateString("complete"));
    return view;
}

static cJSON *launch_status_view(const ic_company *company, const launch *job) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "status", !job->begun ? "in_progress" : job->error ? "failed" : "success");
    ic_put(view, "requestPayload", cJSON_Duplicate(job->request, true));
    if (!job->begun) return view;
    if (job->error) {
        ic_put(view, "error", cJSON_Duplicate(job->error, true));
        return view;
    }
    cJSON *urls = ic_put(view, "workflowUrls", cJSON_CreateObject());
    launch_put_url(urls, "browserUrl", company, "", job->workflow);
    launch_put_url(urls, "apiUrl", company, "/public/api/v1", job->workflow);
    ic_put(view, "workflow", launch_workflow_view(company, job->workflow));
    return view;
}

void ic_launches_get(ic_exchange *x) {
    for (size_t i = 0; i < x->company->launches.count; i++) {
        const launch *job = x->company->launches.items[i];
        if (strcmp(job->id, x->values[0]) != 0) continue;
        ic_reply_json(x, 200, launch_status_view(x->company, job));
        return;
    }
    ic_reply_error(x, 404, "NOT_FOUND", "asyncJobId", "there is no such launch");
}
