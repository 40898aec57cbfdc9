/* A group with what a page shows: /load/json and /load/html. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/group.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/params.h"
#include "sandbox/clickwrap/render.h"
#include "sandbox/clickwrap/version.h"
#include <string.h>

/* Whether an answer can be made: with the site, and the group of gkey. NULL: answered. */
static cJSON *load_group(ic_exchange *x) {
    if (!ic_cw_params_read(x) || !ic_cw_param_site(x)) return NULL;
    cJSON *group = ic_cw_param_group(x);
    if (!group && !x->status) ic_reply_error(x, 400, "bad_request", NULL, "gkey is missing");
    return group;
}

static void load_add_contract(const ic_clickwrap *clickwrap, cJSON *answer, ic_buf *html,
                              const cJSON *contract, const cJSON *render) {
    const cJSON *version = ic_cw_published(clickwrap, contract);
    const char *id = ic_json_string(version, "id"), *summary = ic_json_string(version, "change_summary");
    char name[32];
    cJSON *data = cJSON_CreateObject();
    ic_put_text(data, "published_version", id);
    ic_put_text(data, "title", ic_json_string(version, "title"));
    ic_put_text(data, "key", ic_json_string(contract, "key"));
    ic_put_text(data, "change_summary", summary ? summary : "");
    ic_put(ic_json_member(answer, "contract_data"), ic_cw_text(contract, "id", name, sizeof name), data);
    ic_append(ic_json_member(answer, "contracts"), cJSON_CreateNumber(ic_cw_number(contract, "id")));
    ic_append(ic_json_member(answer, "versions"), cJSON_CreateString(id));
    ic_append(ic_json_member(answer, "major_versions"),
              cJSON_CreateString(ic_json_string(version, "major_version")));
    ic_buf_printf(html, "<div class=\"ps-contract\" data-cid=\"%s\" data-vid=\"%s\">", name, id);
    ic_cw_render(html, ic_json_string(version, "body"), render);
    ic_buf_puts(html, "</div>");
}

static void load_copy(cJSON *answer, const cJSON *group, const char *name, const char *as) {
    const cJSON *member = ic_json_member(group, name);
    if (member) ic_put(answer, as, cJSON_Duplicate(member, true));
}

/* The documented example has these. */
static cJSON *load_answer(ic_exchange *x, const cJSON *group, ic_buf *html) {
    const ic_clickwrap *clickwrap = x->company->clickwrap;
    cJSON *answer = cJSON_CreateObject(), *contracts = ic_cw_group_contracts(clickwrap, group);
    const cJSON *site = clickwrap->lists[IC_CW_SITE]->child, *contract;
    ic_object_id render_id;
    ic_new_object_id(x->company, render_id);
    load_copy(answer, group, "key", "key");
    ic_put_text(answer, "type", "group");
    load_copy(answer, group, "style", "style");
    load_copy(answer, group, "id", "group");
    load_copy(answer, group, "block_submission", "block_form_submission");
    load_copy(answer, group, "force_scroll", "force_scroll");
    load_copy(answer, group, "alert_message", "alert_message");
    load_copy(answer, group, "confirmation_email", "confirmation_email");
    ic_put_bool(answer, "triggered", false);
    load_copy(answer, site, "legal_center_url", "legal_center_url");
    load_copy(answer, group, "acceptance_language", "acceptance_language");
    ic_put(answer, "contract_data", cJSON_CreateObject());
    static const char *const lists[] = {"contracts", "versions", "major_versions"};
    for (size_t i = 0; i < 3; i++)
        ic_put(answer, lists[i], cJSON_CreateArray());
    cJSON_ArrayForEach(contract, contracts)
        load_add_contract(clickwrap, answer, html, contract, ic_json_member(x->body, "rnd"));
    ic_put_text(answer, "render_id", render_id);
    ic_put_number(answer, "rendered_time", (double)(ic_company_now(x->company) / 1000));
    load_copy(answer, group, "auto_run", "auto_run");
    load_copy(answer, group, "display_all", "display_all");
    load_copy(answer, site, "locale", "locale");
    cJSON_Delete(contracts);
    return answer;
}

static void load_add_snapshot(ic_exchange *x, cJSON *answer) {
    const char *key = ic_json_string(x->body, "slo");
    ic_object_id id;
    if (!key || !ic_cw_find(x->company->clickwrap, IC_CW_LOCATION, "key", key)) return;
    ic_new_object_id(x->company, id);
    cJSON *params = ic_put(answer, "snapshot_params", cJSON_CreateObject());
    ic_put_text(params, "snapshotId", id);
    ic_put_text(params, "filename", "snapshot.png");
}

void ic_cw_load_json(ic_exchange *x) {
    const cJSON *group = load_group(x);
    ic_buf html = {0};
    if (!group) return;
    cJSON *answer = load_answer(x, group, &html);
    const char *text = ic_buf_text(&html);
    ic_put(answer, "contract_html", text ? cJSON_CreateString(text) : NULL);
    load_add_snapshot(x, answer);
    ic_buf_free(&html);
    ic_reply_json(x, 200, answer);
}

void ic_cw_load_html(ic_exchange *x) {
    const cJSON *group = load_group(x);
    ic_buf html = {0}, page = {0};
    if (!group) return;
    cJSON *answer = load_answer(x, group, &html);
    const char *key = ic_json_string(group, "key"), *text = ic_buf_text(&html);
    ic_buf_puts(&page, "<div id=\"ps-group-");
    ic_html_text(&page, key);
    ic_buf_printf(&page, "\" class=\"ps-group ps-style-%s\" data-gid=\"%.0f\" data-rdid=\"%s\">%s</div>",
                  ic_json_string(group, "style"), ic_cw_number(group, "id"),
                  ic_json_string(answer, "render_id"), text ? text : "");
    page.failed = page.failed || !text;
    cJSON_Delete(answer);
    ic_buf_free(&html);
    ic_reply_html(x, &page);
    ic_buf_free(&page);
}
