#include "sandbox/workflows/archive_begin.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "sandbox/workflows/pdf.h"
#include "sandbox/workflows/turns.h"
#include "sandbox/workflows/workflow_events.h"

bool ic_company_await(ic_company *company, ic_workflow *workflow) {
    return ic_array_has(&company->awaited, workflow) || ic_array_push(&company->awaited, workflow);
}

/* The signed copy of electronic signatures. */
static ic_blob *archive_signed_pdf(const ic_workflow *workflow, ic_time time) {
    const ic_array *signers = &workflow->packet->signers;
    ic_buf text = {0};
    ic_buf_printf(&text, "%s, signed on %.10s by", workflow->title, ic_time_print(time).text);
    for (size_t i = 0; i < signers->count; i++)
        ic_buf_printf(&text, "%s %s", i ? "," : "", ((const ic_signer *)signers->items[i])->name);
    ic_blob *pdf = text.failed ? NULL : ic_pdf_make(text.data);
    ic_buf_free(&text);
    return pdf;
}

bool ic_workflow_archive(ic_company *company, ic_workflow *workflow, ic_time time) {
    ic_packet *packet = workflow->packet;
    if (!packet->copy) {
        char *name = ic_pdf_name(workflow->title);
        if (!name) return false;
        packet->copy = ic_workflow_add_document(company, workflow, NULL, name,
                                                archive_signed_pdf(workflow, time), workflow->creator, time);
        ic_free(name);
        if (!packet->copy) return false;
    }
    if (!ic_turn_begin(workflow, false, "signed", workflow->creator, time) ||
        !ic_company_await(company, workflow))
        return false;
    packet->archive_at = time + (ic_time)(company->job_seconds * 1000);
    packet->notify_at = IC_TIME_NONE;
    workflow->step = IC_STEP_ARCHIVE;
    workflow->updated = time;
    ic_workflow_event(company, "workflow_signature_packet_fully_signed", workflow);
    ic_workflow_event(company, "workflow_step_updated", workflow);
    return true;
}
