/* Comments that come with a request. */
#ifndef IC_SANDBOX_COMMENTS_H
#define IC_SANDBOX_COMMENTS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* Adds a comment of the acting user. The user becomes a participant, and with `may_add` so do the users that
 * the message mentions as <@e-mail> or <@id>. `replied_to` may be NULL. NULL: answered with an error, and
 * nothing was added, because the message is empty or mentions someone it must not. */
const ic_comment *ic_comment_post(ic_exchange *x, ic_workflow *workflow, const char *message, bool may_add,
                                  const ic_comment *replied_to);
/* The same with a comment as most operations take it, {message, addUsersToWorkflow}; it has a message. */
const ic_comment *ic_comment_post_object(ic_exchange *x, ic_workflow *workflow, const cJSON *comment);

#endif
