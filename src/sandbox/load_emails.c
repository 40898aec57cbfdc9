/* The part of a fixture document that is about e-mail. */
#include "../core/alloc.h"
#include "attachments.h"
#include "build.h"
#include "emails.h"
#include "loaders.h"
#include "pdf.h"
#include "turns.h"
#include "views.h"
#include <stdio.h>
#include <string.h>

#define DAY ((ic_time)24 * 60 * 60 * 1000)

/* Reading one e-mail. */
typedef struct reader {
    ic_loader *load;
    ic_workflow *workflow;
    ic_email *email;
    cJSON *view;
} reader;

static void new_id(ic_world *world, ic_email_id id, const char *prefix) {
    char digits[33];
    ic_random_hex(world, digits, 32);
    snprintf(id, sizeof(ic_email_id), "%s%s", prefix, digits);
}

static void put_texts(reader *read, const cJSON *source) {
    static const char *const names[] = {"subject", "body"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = ic_json_string(source, names[i]);
        if (!text) {
            ic_loader_fail(read->load, "fixtures: an e-mail needs a subject and a body");
            return;
        }
        ic_put_text(read->view, names[i], text);
    }
}

/* --- in --- */

static void add_file(reader *read, cJSON *list, const char *filename) {
    ic_email_attachment *attachment = ic_calloc(1, sizeof *attachment);
    if (!attachment || !ic_array_push(&read->email->attachments, attachment)) {
        ic_free(attachment);
        ic_loader_no_memory(read->load);
        return;
    }
    new_id(read->load->world, attachment->id, "attachmentId");
    attachment->bytes = ic_pdf_make(filename);
    if (!attachment->bytes) ic_loader_no_memory(read->load);
    char download[256];
    snprintf(download, sizeof download, "/public/api/v1/workflows/%s/emails/%s/attachments/%s",
             read->workflow->id, read->email->id, attachment->id);
    cJSON *shown = ic_append(list, cJSON_CreateObject());
    ic_put_text(shown, "filename", filename);
    ic_put_text(shown, "download", download);
    ic_put_text(shown, "content-type", ic_media_type(filename));
}

static void read_inbound(reader *read, const cJSON *source, const cJSON *from) {
    const char *name = ic_json_string(from, "name"), *address = ic_json_string(from, "email"),
               *company = ic_json_string(from, "company");
    if (!name || !address || !company) {
        ic_loader_fail(read->load, "fixtures: who has sent an e-mail needs name, email and company");
        return;
    }
    new_id(read->load->world, read->email->id, "emailThread");
    ic_put_text(read->view, "emailThreadId", read->email->id);
    cJSON *author = ic_put(read->view, "author", cJSON_CreateObject());
    ic_put_text(author, "type", "externalUser");
    ic_put_text(author, "companyName", company);
    ic_put_text(author, "displayName", name);
    ic_put_text(author, "email", address);
    cJSON *list = ic_put(read->view, "attachments", cJSON_CreateArray());
    const cJSON *filename;
    cJSON_ArrayForEach(filename, ic_json_member(source, "attachments")) {
        if (!cJSON_IsString(filename) || !ic_media_type(filename->valuestring))
            ic_loader_fail(read->load, "fixtures: an attachment needs a filename");
        if (!read->load->failed) add_file(read, list, filename->valuestring);
    }
}

/* --- out --- */

static const ic_document *document_named(const ic_workflow *workflow, const cJSON *filename) {
    for (size_t i = 0; cJSON_IsString(filename) && i < workflow->documents.count; i++) {
        const ic_document *document = workflow->documents.items[i];
        if (strcmp(document->filename, filename->valuestring) == 0) return document;
    }
    return NULL;
}

static void add_document(reader *read, cJSON *list, const cJSON *filename) {
    const ic_document *document = document_named(read->workflow, filename);
    if (!document) {
        ic_loader_fail(read->load,
                       "fixtures: an e-mail went out with a document that its workflow does not have");
        return;
    }
    char download[128];
    snprintf(download, sizeof download, "/public/api/v1/workflows/%s/document/%s/download",
             read->workflow->id, document->key);
    cJSON *shown = ic_append(list, cJSON_CreateObject());
    ic_put_text(shown, "filename", document->filename);
    ic_put_text(shown, "download", download);
    ic_put_text(shown, "content-type", ic_media_type(document->filename));
    ic_put_text(shown, "documentKey", document->key);
    ic_put_number(shown, "documentVersion", document->number);
}

static void put_addresses(reader *read, const cJSON *source, const char *from, const char *name) {
    cJSON *list = ic_put(read->view, name, cJSON_CreateArray());
    const cJSON *address;
    cJSON_ArrayForEach(address, ic_json_member(source, from))
        ic_append(list, cJSON_CreateString(address->valuestring ? address->valuestring : ""));
}

/* Each has read it an hour after it was sent. */
static void put_openings(reader *read, const cJSON *source, ic_time sent) {
    bool opened = cJSON_IsTrue(ic_json_member(source, "opened"));
    cJSON *list = ic_put(read->view, "emailOpenedTimestamps", cJSON_CreateArray());
    const cJSON *address;
    cJSON_ArrayForEach(address, ic_json_member(read->view, "recipients")) {
        cJSON *opening = ic_append(list, cJSON_CreateObject());
        ic_put_text(opening, "email", address->valuestring);
        ic_put_bool(opening, "opened", opened);
        if (opened) ic_put_text(opening, "timestamp", ic_time_print(sent + DAY / 24).text);
    }
}

static void read_outbound(reader *read, const cJSON *source, const ic_user *author, ic_time sent) {
    ic_put(read->view, "author", ic_author_view(read->load->world, author));
    put_addresses(read, source, "to", "recipients");
    put_addresses(read, source, "cc", "cc");
    put_openings(read, source, sent);
    cJSON *list = ic_put(read->view, "attachments", cJSON_CreateArray());
    const cJSON *filename;
    cJSON_ArrayForEach(filename, ic_json_member(source, "documents")) add_document(read, list, filename);
}

/* --- all --- */

static void read_email(reader *read, const cJSON *source) {
    const cJSON *from = ic_json_member(source, "from");
    const ic_user *author = cJSON_IsString(from) ? ic_world_user(read->load->world, from->valuestring) : NULL;
    ic_short_id id;
    ic_time time = ic_load_days_ago(read->load->world, source, "daysAgo");
    ic_new_short_id(read->load->world, id);
    snprintf(read->email->id, sizeof read->email->id, "%s", id);
    ic_put_text(read->view, "type", author ? "outboundEmail" : "inboundEmail");
    ic_put_text(read->view, "id", id);
    ic_put_text(read->view, "timestamp", ic_time_print(time).text);
    put_texts(read, source);
    if (author)
        read_outbound(read, source, author, time);
    else
        read_inbound(read, source, from);
    if (!ic_turn_begin(read->workflow, author != NULL, author ? "email sent" : "email received",
                       author ? author : read->workflow->creator, time))
        ic_loader_no_memory(read->load);
}

void ic_load_emails(ic_loader *load, ic_workflow *workflow, const cJSON *source) {
    const cJSON *item;
    cJSON_ArrayForEach(item, source) {
        if (load->failed) return;
        reader read = {.load = load, .workflow = workflow, .email = ic_calloc(1, sizeof *read.email)};
        if (!read.email || !ic_array_push(&workflow->emails, read.email)) {
            ic_free(read.email);
            ic_loader_no_memory(load);
            return;
        }
        read.view = cJSON_CreateObject();
        read_email(&read, item);
        read.email->shown = ic_json_print(read.view);
        cJSON_Delete(read.view);
        if (!read.email->shown) ic_loader_no_memory(load);
    }
}
