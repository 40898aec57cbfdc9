/* A contract's life in the sandbox's company, and a fixture document, with every allocation failing in turn:
 * what cannot be done is said, and nothing is lost. */
#include "core/base/alloc.h"
#include "sandbox/service/service.h"
#include "sandbox/workflows/archive.h"
#include "sandbox/workflows/launch.h"
#include "sandbox/workflows/launches.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/signing.h"
#include "sandbox/workflows/workflow_view.h"
#include "spec/sandbox/company_fixture.h"
#include <string.h>

// clang-format off
static const char fixtures[] = COMPANY_FIXTURE("",
  "recordTypes": {"nda": {"displayName": "NDA"}},
  "recordProperties": {"counterpartyName": {"displayName": "Name", "type": "string", "visible": true}},
  "recordAttachments": {"signedCopy": {"displayName": "Signed PDF"}},
  "templates": [{
    "id": "5f595f76c4fc9b3571413c3a", "name": "NDA", "title": "NDA with [counterpartyName]",
    "form": {
      "counterpartyName": {"type": "string", "displayName": "Name", "required": "always"},
      "draft": {
        "type": "array", "displayName": "Draft", "required": "never",
        "elementType": {"type": "document", "displayName": "Draft", "required": "never"}
      }
    },
    "roles": [{"id": "legal", "displayName": "Legal", "assignees": ["jane@example.com"]}],
    "approvalGroups": [["legal"]],
    "signing": {
      "provider": "Ironclad Signature", "routing": "sequential", "recordType": "nda",
      "signers": [
        {"roleName": "Company", "user": "jane@example.com"},
        {"roleName": "Counterparty", "nameFrom": "counterpartyName"}
      ]
    }
  }],
  "workflows": [
    {
      "template": "5f595f76c4fc9b3571413c3a", "creator": "jane@example.com", "step": "Sign",
      "daysAgo": 2, "updatedDaysAgo": 1, "attributes": {"counterpartyName": "Acme"},
      "documents": [{"attribute": "draft", "filename": "nda.pdf"}],
      "comments": [{"author": "jane@example.com", "message": "hello"}],
      "emails": [
        {
          "from": "jane@example.com", "to": ["a@acme.example"], "subject": "s", "body": "b",
          "documents": ["nda.pdf"]
        },
        {
          "from": {"name": "A", "email": "a@acme.example", "company": "Acme"}, "subject": "s", "body": "b",
          "attachments": ["redline.pdf"]
        }
      ],
      "signing": {"sent": true, "signed": ["Company"]}
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "creator": "jane@example.com", "step": "Sign",
      "daysAgo": 2, "attributes": {"counterpartyName": "Acme"},
      "signing": {"sendInDays": 3, "reminderDays": 1}
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "creator": "jane@example.com", "step": "Complete",
      "status": "completed", "daysAgo": 2, "attributes": {"counterpartyName": "Acme"}
    }
  ],
  "records": [{"type": "nda", "name": "NDA", "workflow": "IC-3", "properties": {}}]
);
// clang-format on

static bool shown(const ic_company *company, const ic_workflow *workflow) {
    cJSON *view = ic_workflow_view(company, workflow, true);
    char *text = view ? ic_json_print(view) : NULL;
    bool printed = text != NULL;
    ic_json_text_free(text);
    cJSON_Delete(view);
    return printed;
}

static ic_workflow *launch(ic_company *company) {
    ic_user *jane = company->users.items[0];
    ic_workflow *workflow = ic_workflow_new(company, company->templates.items[0], jane);
    if (!workflow) return NULL;
    if (ic_set(workflow->attributes, "counterpartyName", cJSON_CreateString("Acme")) &&
        ic_workflow_set_title(workflow) &&
        ic_workflow_add_document(company, workflow, workflow->template->form->child->next->string, "nda.pdf",
                                 ic_blob_new(ic_strdup("%PDF-"), 5), jane, workflow->created) &&
        ic_workflow_begin(company, workflow, workflow->created))
        return workflow;
    ic_workflow_free(workflow);
    return NULL;
}

/* From the launch to the record. false: some of it could not be done. */
static bool live(ic_company *company) {
    ic_workflow *workflow = launch(company);
    const ic_user *jane = company->users.items[0];
    if (!workflow) return false;
    if (!ic_review_decide(company, workflow, 0, jane, true) || workflow->step != IC_STEP_SIGN ||
        !ic_packet_send(company, workflow, jane, ic_company_now(company)))
        return false;
    for (size_t i = 0; i < workflow->packet->signers.count; i++)
        if (ic_packet_sign(company, workflow, workflow->packet->signers.items[i], IC_SIGNATURE_SIGNED))
            return false;
    ic_company_advance(company, 1);
    ic_company_settle(company);
    return workflow->step == IC_STEP_COMPLETE && workflow->records.count == 1 && shown(company, workflow);
}

static bool load_and_live(ic_company *company, bool loaded) {
    return loaded ? live(company) : company_fixture_load(company, fixtures);
}

/* Fails each allocation of loading, or of living in what has been loaded, until it succeeds with none
 * failing. */
static void fail_in_turn(bool loaded) {
    bool done = false;
    for (long nth = 1; !done && nth < 100000; nth++) {
        long before = ic_alloc_live();
        ic_company *company = ic_company_new(ic_service_ends);
        CHECK(company != NULL);
        if (!company || (loaded && !CHECK(company_fixture_load(company, fixtures)))) return;
        ic_alloc_fail_at(nth);
        done = load_and_live(company, loaded);
        ic_alloc_fail_at(0);
        ic_company_settle(company); /* what was left to try again must not break */
        ic_company_free(company);
        if (!CHECK(ic_alloc_live() == before)) {
            printf("    allocation %ld of %s: %ld blocks are lost\n", nth, loaded ? "living" : "loading",
                   ic_alloc_live() - before);
            return;
        }
    }
    CHECK(done);
}

int main(void) {
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = ic_malloc, .free_fn = ic_free});
    fail_in_turn(false);
    fail_in_turn(true);
    return check_done("contract");
}
