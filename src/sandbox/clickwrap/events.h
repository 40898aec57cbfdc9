/* The webhook events of Clickwrap. They are sent to the integrations that the web app sets up. */
#ifndef IC_SANDBOX_CLICKWRAP_EVENTS_H
#define IC_SANDBOX_CLICKWRAP_EVENTS_H

#include "sandbox/clickwrap/clickwrap.h"
#include "sandbox/webhooks/webhook.h"

/* version_published */
void ic_cw_note_version(ic_company *company, const cJSON *contract, const cJSON *version);
/* group_published */
void ic_cw_note_group(ic_company *company, const cJSON *group);
/* activity_…, one for each contract */
void ic_cw_note_activity(ic_company *company, const cJSON *activity);
/* request_sent, request_signed, request_complete, request_expired: `what` is the last word. `signer`: the id
 * of who has signed, or NULL. */
void ic_cw_note_request(ic_company *company, const char *what, const cJSON *request, const char *signer);
/* test_event, to one integration whatever it asks for. false: no memory, or no space in the outbox. */
bool ic_cw_send_test(ic_company *company, const ic_webhook *integration);

#endif
