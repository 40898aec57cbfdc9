/* The view of a record: RecordModel of the public document. */
#include "sandbox/records/record_view.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "sandbox/base/build.h"
#include "sandbox/records/attachment.h"
#include "sandbox/records/contract_status.h"
#include "sandbox/records/entities.h"
#include "sandbox/records/obligations.h"
#include "sandbox/records/record_properties.h"
#include "sandbox/records/smart_import.h"
#include <string.h>

cJSON *ic_record_link_view(const ic_record *record) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "recordId", record->id);
    ic_put_text(view, "readableId", record->readable);
    return view;
}

/* --- properties --- */

/* Adds a part of an address, with a separator after the previous part. */
static void view_add_part(ic_buf *text, const char *separator, const char *part) {
    if (!part || !*part) return;
    if (text->length) ic_buf_puts(text, separator);
    ic_buf_puts(text, part);
}

cJSON *ic_address_text(const cJSON *address) {
    ic_buf text = {0};
    const cJSON *line;
    cJSON_ArrayForEach(line, ic_json_member(address, "lines"))
        view_add_part(&text, "\n", cJSON_GetStringValue(line));
    view_add_part(&text, "\n", ic_json_string(address, "locality"));
    view_add_part(&text, ", ", ic_json_string(address, "region"));
    view_add_part(&text, " ", ic_json_string(address, "postcode"));
    view_add_part(&text, "\n", ic_json_string(address, "country"));
    if (!text.length) view_add_part(&text, "", ic_json_string(address, "raw"));
    const char *whole = ic_buf_text(&text);
    cJSON *string = whole ? cJSON_CreateString(whole) : NULL;
    ic_buf_free(&text);
    return string;
}

static cJSON *view_address_object(const cJSON *text) {
    cJSON *address = cJSON_CreateObject();
    ic_put_text(address, "raw", text->valuestring);
    return address;
}

static void view_turn_address(cJSON *property, const char *name, bool as_object) {
    const cJSON *value = ic_json_member(property, name);
    cJSON *turned = as_object && cJSON_IsString(value)    ? view_address_object(value)
                    : !as_object && cJSON_IsObject(value) ? ic_address_text(value)
                                                          : NULL;
    if (turned) ic_set(property, name, turned);
}

/* Addresses and references are stored as received and shown in the requested form. */
static void view_shape_property(const ic_company *company, cJSON *property, unsigned shape) {
    static const char *const values[] = {"value", "originalValue"};
    const char *type = ic_json_string(property, "type");
    for (size_t i = 0; type && i < sizeof values / sizeof values[0]; i++) {
        cJSON *value = ic_json_member(property, values[i]);
        if (strcmp(type, "address") == 0)
            view_turn_address(property, values[i], shape & IC_ADDRESS_AS_OBJECT);
        if (strcmp(type, "reference") == 0 && value && (shape & IC_HYDRATE_ENTITIES))
            ic_entity_hydrate(company, value);
    }
}

static cJSON *view_properties(const ic_company *company, const ic_record *record, unsigned shape) {
    bool plain = !strstr(record->properties, "\"type\":\"address\"") && !(shape & IC_HYDRATE_ENTITIES) &&
                 !ic_record_is_amended(record);
    if (plain) return cJSON_CreateRaw(record->properties);
    cJSON *properties = ic_record_properties(record), *property;
    cJSON_ArrayForEach(property, properties) view_shape_property(company, property, shape);
    return properties;
}

static cJSON *view_attachments(const ic_company *company, const ic_record *record) {
    cJSON *attachments = cJSON_CreateObject();
    for (const ic_attachment *item = record->attachments; item; item = item->next) {
        ic_buf href = {0};
        ic_buf_printf(&href, "%s/public/api/v1/records/%s/attachments/", company->url, record->id);
        ic_percent_encode(&href, item->key, strlen(item->key));
        cJSON *view = ic_put(attachments, item->key, cJSON_CreateObject());
        const char *type = ic_media_type(item->filename);
        ic_put_text(view, "filename", item->filename);
        if (type) ic_put_text(view, "contentType", type);
        ic_put_text(view, "href", ic_buf_text(&href));
        ic_buf_free(&href);
    }
    return attachments;
}

/* --- the family and the rest --- */

static cJSON *view_links(const ic_company *company, const ic_record *record) {
    cJSON *links = cJSON_CreateArray();
    for (size_t i = 0; i < record->link_count; i++)
        if (ic_company_record(company, record->links[i]))
            ic_put_text(ic_append(links, cJSON_CreateObject()), "recordId", record->links[i]);
    return links;
}

/* Its child records with that link type. NULL: all child records and its obligations. */
static cJSON *view_children(const ic_record *record, const char *link_type) {
    cJSON *ids = cJSON_CreateArray();
    for (const ic_record *child = record->first_child; child; child = child->next_sibling)
        if (!link_type || (child->parent_link_type && strcmp(child->parent_link_type, link_type) == 0))
            ic_append(ids, cJSON_CreateString(child->id));
    for (const ic_obligation *own = link_type ? NULL : record->obligations; own; own = own->next)
        ic_append(ids, cJSON_CreateString(own->item.id));
    return ids;
}

cJSON *ic_record_view(const ic_company *company, const ic_record *record, unsigned shape) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", record->id);
    ic_put_text(view, "ironcladId", record->readable);
    ic_put_text(view, "type", record->type->key);
    ic_put_text(view, "name", record->name);
    ic_put_text(view, "lastUpdated", ic_time_print(record->updated).text);
    ic_put(view, "properties", view_properties(company, record, shape));
    ic_put(view, "attachments", view_attachments(company, record));
    ic_put(view, "links", view_links(company, record));
    if (record->parent) ic_put_text(view, "parentId", record->parent->id);
    if (record->parent_link_type) ic_put_text(view, "parentLinkType", record->parent_link_type);
    ic_put(view, "childIds", view_children(record, NULL));
    bool made_by_api = !*record->workflow && !record->import;
    cJSON *amendments = view_children(record, "amendment");
    if (!made_by_api || ic_contract_is_known(record))
        ic_put(view, "contractStatus", ic_contract_status_view(company, record));
    if (!made_by_api || (amendments && amendments->child))
        ic_put(view, "amendments", amendments);
    else
        cJSON_Delete(amendments);
    if (!*record->workflow && !record->import) return view;
    cJSON *source = ic_put(view, "source", cJSON_CreateObject());
    ic_put_text(source, "type", *record->workflow ? "workflow" : "import_project");
    if (*record->workflow)
        ic_put_text(source, "workflowId", record->workflow);
    else
        ic_put_text(source, "importId", record->import->id);
    return view;
}

unsigned ic_exchange_record_shape(const ic_exchange *x) {
    return (ic_exchange_query_true(x, "addressAsObject") ? IC_ADDRESS_AS_OBJECT : 0) |
           (ic_exchange_query_true(x, "hydrateEntities") ? IC_HYDRATE_ENTITIES : 0);
}

void ic_reply_record(ic_exchange *x, const ic_record *record) {
    ic_reply_json(x, 200, ic_record_view(x->company, record, ic_exchange_record_shape(x)));
}
