/* Comments that come with a request. */
#ifndef IC_SANDBOX_COMMENTS_H
#define IC_SANDBOX_COMMENTS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* Adds the acting user's comment, who takes part from then on; so do those whom it mentions by <@e-mail> or
 * <@id>, if they may be added. `replied_to` may be NULL. NULL: the message is empty or mentions somebody whom
 * it may not, nothing has been added, and it is answered. */
const ic_comment *ic_comment_post(ic_exchange *x, ic_workflow *workflow, const char *message, bool may_add,
                                  const ic_comment *replied_to);

#endif
