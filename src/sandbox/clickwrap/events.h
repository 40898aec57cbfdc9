/* The webhook events of Clickwrap. They are sent to the integrations that the web app sets up. */
#ifndef IC_SANDBOX_CLICKWRAP_EVENTS_H
#define IC_SANDBOX_CLICKWRAP_EVENTS_H

#include "sandbox/clickwrap/clickwrap.h"

/* version_published */
void ic_cw_note_version(ic_company *company, const cJSON *contract, const cJSON *version);
/* group_published */
void ic_cw_note_group(ic_company *company, const cJSON *group);
/* activity_…, one for each contract */
void ic_cw_note_activity(ic_company *company, const cJSON *activity);

#endif
