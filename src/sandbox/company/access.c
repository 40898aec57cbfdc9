#include "sandbox/company/access.h"
#include "core/base/alloc.h"
#include <string.h>

ic_app *ic_company_app(const ic_company *company, const char *id) {
    for (size_t i = 0; i < company->apps.count; i++) {
        ic_app *app = company->apps.items[i];
        if (strcmp(app->id, id) == 0) return app;
    }
    return NULL;
}

static void access_free_app(ic_app *app) {
    ic_free(app->name);
    ic_free(app->id);
    ic_free_secret(app->secret);
    ic_free(app);
}

void ic_consent_free(ic_consent *consent) {
    if (!consent) return;
    ic_free(consent->redirect_uri);
    ic_free(consent->state);
    ic_free(consent->scope);
    ic_free(consent);
}

void ic_access_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->consents, ic_consent *, ic_consent_free);
    IC_ARRAY_FREE_ALL(&company->tokens, void *, ic_free);
    ic_index_free(&company->tokens_by_text);
    IC_ARRAY_FREE_ALL(&company->scopes, void *, ic_free);
    IC_ARRAY_FREE_ALL(&company->apps, ic_app *, access_free_app);
}
