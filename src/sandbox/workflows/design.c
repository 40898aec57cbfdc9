#include "sandbox/workflows/design.h"
#include "core/base/alloc.h"
#include <string.h>

ic_template *ic_company_template(const ic_company *company, const char *id) {
    for (size_t i = 0; i < company->templates.count; i++) {
        ic_template *template = company->templates.items[i];
        if (strcmp(template->id, id) == 0) return template;
    }
    return NULL;
}

size_t ic_template_role(const ic_template *template, const char *id) {
    size_t i = 0;
    while (i < template->role_count && strcmp(template->roles[i].id, id) != 0)
        i++;
    return i;
}

static void design_free(ic_template *template) {
    for (size_t i = 0; i < template->role_count; i++) {
        ic_free(template->roles[i].id);
        ic_free(template->roles[i].display_name);
        ic_array_free(&template->roles[i].assignees);
    }
    ic_free(template->roles);
    ic_free(template->reviews);
    ic_signing_design_free(template->signing);
    ic_free(template->name);
    ic_free(template->title);
    ic_json_text_free(template->shown);
    cJSON_Delete(template->form);
    ic_free(template);
}

void ic_designs_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->templates, ic_template *, design_free);
}
