/* Controls for what people do with a contract in a browser: approve and sign. */
#include "sandbox/control/control.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/signing.h"
#include "sandbox/workflows/workflow_events.h"
#include <string.h>

/* The workflow that the arguments name by id or as a table, active and in that step; NULL: refused. */
static ic_workflow *contract_find(ic_control *control, ic_step step) {
    const cJSON *given = ic_json_member(control->arguments, "workflow");
    const char *id = cJSON_IsString(given) ? given->valuestring : ic_json_string(given, "id");
    ic_workflow *workflow = id ? ic_company_workflow(control->company, id) : NULL;
    if (!workflow) {
        ic_control_refuse(control, 404, "there is no workflow '%s'", id ? id : "(no id)");
        return NULL;
    }
    if (workflow->step == step && workflow->status == IC_STATUS_ACTIVE) return workflow;
    ic_control_refuse(control, 409, "%s is %s in the %s step, not active in %s", workflow->readable,
                      ic_status_names[workflow->status], ic_step_names[workflow->step], ic_step_names[step]);
    return NULL;
}

/* Begins {step, `what`: [role names]}; the names are added one by one. */
static cJSON *contract_begin_answer(ic_control *control, const char *what) {
    control->answer = cJSON_CreateObject();
    return ic_put(control->answer, what, cJSON_CreateArray());
}

static void contract_end_answer(ic_control *control, const ic_workflow *workflow) {
    if (!control->status) ic_put_text(control->answer, "step", ic_step_names[workflow->step]);
}

/* --- sign --- */

static bool contract_sign(ic_control *control, ic_workflow *workflow, ic_signer *signer,
                          ic_signature signature, cJSON *names) {
    ic_append(names, cJSON_CreateString(signer->role_name));
    const char *refusal = ic_packet_sign(control->company, workflow, signer, signature);
    if (refusal)
        ic_control_refuse(control, *refusal ? 409 : 500, "%s: %s", signer->role_name,
                          *refusal ? refusal : "no memory");
    return !refusal;
}

/* In signing order, each once. */
static void contract_sign_all(ic_control *control, ic_workflow *workflow, ic_signature signature,
                              cJSON *names) {
    const ic_array *signers = &workflow->packet->signers;
    for (size_t i = 0; i < signers->count; i++) {
        ic_signer *signer = signers->items[i];
        if (signer->signature != IC_SIGNATURE_SIGNED &&
            !contract_sign(control, workflow, signer, signature, names))
            return;
    }
}

static void control_sign(ic_control *control) {
    ic_workflow *workflow = contract_find(control, IC_STEP_SIGN);
    if (!workflow) return;
    const char *role = ic_control_text(control, "role"), *status = ic_control_text(control, "status");
    ic_signature signature = IC_SIGNATURE_SIGNED;
    for (int i = 0; status && i < IC_SIGNATURE_COUNT; i++)
        if (strcmp(ic_signature_names[i], status) == 0) signature = (ic_signature)i;
    ic_signer *signer = role ? ic_packet_signer(workflow->packet, role) : NULL;
    if (!role == !ic_control_true(control, "all", false)) {
        ic_control_refuse(control, 400, "expected either role or all = true");
    } else if (role && !signer) {
        ic_control_refuse(control, 404, "no signer has the role '%s'", role);
    } else {
        cJSON *names = contract_begin_answer(control, "signers");
        if (signer)
            contract_sign(control, workflow, signer, signature, names);
        else
            contract_sign_all(control, workflow, signature, names);
        contract_end_answer(control, workflow);
    }
}

/* --- approve --- */

/* The role by id or display name; role_count: none. */
static size_t contract_find_role(const ic_template *template, const char *name) {
    size_t role = ic_template_role(template, name);
    for (size_t i = 0; role == template->role_count && i < template->role_count; i++)
        if (strcmp(template->roles[i].display_name, name) == 0) return i;
    return role;
}

static bool contract_approve(ic_control *control, ic_workflow *workflow, size_t review, cJSON *names) {
    const ic_role_design *role = &workflow->template->roles[workflow->template->reviews[review].role];
    const ic_array *people = &workflow->assignees[workflow->template->reviews[review].role];
    const char *person = ic_control_text(control, "user");
    const ic_user *user = person ? ic_company_user(control->company, person) : NULL;
    if (!person && people->count) user = people->items[0];
    if (!user || !ic_array_has(people, user)) {
        ic_control_refuse(control, 409, person ? "%s does not have the role '%s'" : "%s has the role '%s'",
                          person ? person : "nobody", role->id);
        return false;
    }
    ic_append(names, cJSON_CreateString(role->id));
    if (!ic_review_decide(control->company, workflow, review, user, true)) {
        ic_control_refuse(control, 500, "no memory");
        return false;
    }
    ic_workflow_approval_event(control->company, workflow, review, user);
    return true;
}

/* All reviews that are not approved, in order. */
static void contract_approve_all(ic_control *control, ic_workflow *workflow, cJSON *names) {
    const ic_template *template = workflow->template;
    for (size_t i = 0; i < template->review_count; i++)
        if (!workflow->approved[i] && !contract_approve(control, workflow, i, names)) return;
}

static void control_approve(ic_control *control) {
    ic_workflow *workflow = contract_find(control, IC_STEP_REVIEW);
    if (!workflow) return;
    const ic_template *template = workflow->template;
    const char *name = ic_control_text(control, "role");
    size_t role = name ? contract_find_role(template, name) : 0;
    size_t review = ic_review_of(template, role, ic_group_active(workflow));
    if (role == template->role_count) {
        ic_control_refuse(control, 404, "there is no role '%s'", name);
    } else if (name && (review == template->review_count || workflow->approved[review])) {
        ic_control_refuse(control, 409, "it is not the turn of '%s' to approve", name);
    } else {
        cJSON *names = contract_begin_answer(control, "roles");
        if (name)
            contract_approve(control, workflow, review, names);
        else
            contract_approve_all(control, workflow, names);
        contract_end_answer(control, workflow);
    }
}

/* --- the table --- */

// clang-format off
const ic_action ic_people_actions[] = {
    {"approve", control_approve,
     {IC_ACTION_REQUIRED("workflow", ANY), IC_ACTION_OPTIONAL("role", STRING), IC_ACTION_OPTIONAL("user", STRING)},
     "Acts as the reviewers of a workflow (id, or its table): the one with that role (id or name) approves, or all of "
     "them do, in order. The user (e-mail or id) must have the role; default: the first user who has it. Answers "
     "`step`, the workflow's step afterwards, and `roles` that have approved.", false},
    {"sign", control_sign,
     {IC_ACTION_REQUIRED("workflow", ANY), IC_ACTION_OPTIONAL("role", STRING), IC_ACTION_OPTIONAL("all", BOOLEAN),
      {"status", IC_TYPE_STRING, 0, NULL, "signed viewed declined"}},
     "Acts as the signers of a workflow (id, or its table) whose packet has been sent: the one with that role (its "
     "name) signs, or with all = true all of them do, in order. With `status` they view or decline it instead. "
     "Answers `step`, the workflow's step afterwards, and `signers`, the names of their roles.", false},
    IC_ACTION_END,
};
// clang-format on
