/* Comments on a workflow. */
#include "sandbox/workflows/comments.h"
#include "core/base/alloc.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/workflow_exchange.h"
#include "sandbox/workflows/workflow_view.h"
#include <string.h>

/* --- what they look like: ActivityFeedComment --- */

static cJSON *comment_mentioned_view(const ic_user *user) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", user->id);
    ic_put_text(view, "displayName", user->display_name);
    ic_put_text(view, "email", user->email);
    return view;
}

static cJSON *comment_view(const ic_company *company, const ic_comment *comment) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", comment->id);
    ic_put_text(view, "commentMessage", comment->message);
    ic_put_text(view, "timestamp", ic_time_print(comment->created).text);
    ic_put(view, "author", ic_author_view(company, comment->author));
    if (comment->replied_to) {
        cJSON *replied = ic_put(view, "repliedTo", cJSON_CreateObject());
        ic_put_text(replied, "item", comment->replied_to->id);
        ic_put(replied, "itemAuthor", ic_author_view(company, comment->replied_to->author));
    }
    cJSON *mentioned = ic_put(view, "mentionedUserDetails", cJSON_CreateArray());
    for (size_t i = 0; i < comment->mentioned.count; i++)
        ic_append(mentioned, comment_mentioned_view(comment->mentioned.items[i]));
    cJSON *added = ic_put(view, "addedParticipants", cJSON_CreateArray());
    for (size_t i = 0; i < comment->added.count; i++)
        ic_append(added, cJSON_CreateString(((const ic_user *)comment->added.items[i])->display_name));
    ic_put(view, "reactions", cJSON_CreateArray());
    return view;
}

/* --- list and get --- */

void ic_comments_list(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow) return;
    ic_page page = ic_exchange_page(x);
    cJSON *list = cJSON_CreateArray();
    size_t first = page.number * page.size;
    for (size_t i = first; i < workflow->comments.count && i < first + page.size; i++)
        ic_append(list, comment_view(x->company, workflow->comments.items[i]));
    ic_reply_page(x, page, workflow->comments.count, list);
}

static const ic_comment *comment_find(const ic_workflow *workflow, const char *id) {
    for (size_t i = 0; i < workflow->comments.count; i++) {
        const ic_comment *comment = workflow->comments.items[i];
        if (strcmp(comment->id, id) == 0) return comment;
    }
    return NULL;
}

void ic_comments_get(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, false);
    if (!workflow) return;
    const ic_comment *comment = comment_find(workflow, x->values[1]);
    if (comment)
        ic_reply_json(x, 200, comment_view(x->company, comment));
    else
        ic_reply_error(x, 404, "NOT_FOUND", "commentId", "commentId does not exist");
}

/* --- create --- */

/* The users that the message mentions as <@e-mail> or <@id>, each once. false: answered with an error. */
static bool comment_find_mentioned(ic_exchange *x, const char *message, ic_array *mentioned) {
    for (const char *at = message; (at = strstr(at, "<@")) != NULL;) {
        at += 2;
        size_t length = strcspn(at, ">");
        if (!at[length]) break;
        char *name = ic_strndup(at, length);
        ic_user *user = name ? ic_company_user(x->company, name) : NULL;
        if (!name)
            ic_reply_no_memory(x);
        else if (!user)
            ic_reply_error(x, 400, "INVALID_PARAM", "comment", "no such user in this company: '%s'", name);
        ic_free(name);
        if (!user) return false;
        if (!ic_array_has(mentioned, user) && !ic_array_push(mentioned, user)) {
            ic_reply_no_memory(x);
            return false;
        }
        at += length;
    }
    return true;
}

/* The mentioned users who are not participants yet. false: answered with an error, because they may not be
 * added. */
static bool comment_find_added(ic_exchange *x, const ic_workflow *workflow, const ic_comment *comment,
                               bool may_add, ic_array *added) {
    for (size_t i = 0; i < comment->mentioned.count; i++) {
        ic_user *user = comment->mentioned.items[i];
        if (ic_array_has(&workflow->participants, user)) continue;
        if (!may_add) {
            ic_reply_error(x, 400, "INVALID_PARAM", "addUsersToWorkflow",
                           "%s is not a participant: set addUsersToWorkflow to mention them", user->email);
            return false;
        }
        if (!ic_array_push(added, user)) {
            ic_reply_no_memory(x);
            return false;
        }
    }
    return true;
}

static bool comment_join_all(ic_workflow *workflow, const ic_array *users, ic_user *author) {
    for (size_t i = 0; i < users->count; i++)
        if (!ic_workflow_join(workflow, users->items[i])) return false;
    return ic_workflow_join(workflow, author);
}

const ic_comment *ic_comment_post(ic_exchange *x, ic_workflow *workflow, const char *message, bool may_add,
                                  const ic_comment *replied_to) {
    ic_comment draft = {0}, *comment = NULL;
    if (!*message) {
        ic_reply_error(x, 400, "INVALID_PARAM", "comment", "the comment is empty");
    } else if (comment_find_mentioned(x, message, &draft.mentioned) &&
               comment_find_added(x, workflow, &draft, may_add, &draft.added)) {
        if (comment_join_all(workflow, &draft.added, x->user))
            comment =
                ic_workflow_add_comment(x->company, workflow, message, x->user, ic_company_now(x->company));
        if (!comment) ic_reply_no_memory(x);
    }
    if (!comment) {
        ic_array_free(&draft.mentioned);
        ic_array_free(&draft.added);
        return NULL;
    }
    comment->replied_to = replied_to;
    comment->mentioned = draft.mentioned;
    comment->added = draft.added;
    workflow->updated = comment->created;
    return comment;
}

const ic_comment *ic_comment_post_object(ic_exchange *x, ic_workflow *workflow, const cJSON *comment) {
    const cJSON *may_add = ic_json_member(comment, "addUsersToWorkflow");
    if (!may_add || cJSON_IsNull(may_add) || cJSON_IsBool(may_add))
        return ic_comment_post(x, workflow, ic_json_string(comment, "message"), cJSON_IsTrue(may_add), NULL);
    ic_reply_error(x, 400, "INVALID_PARAM", "addUsersToWorkflow",
                   "invalid value for 'addUsersToWorkflow': expected a boolean");
    return NULL;
}

static const ic_comment *comment_create(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_workflow(x, 400, true);
    if (!workflow) return NULL;
    const char *original = ic_json_string(x->body, "repliedToActivityFeedMessageId");
    const ic_comment *replied_to = original ? comment_find(workflow, original) : NULL;
    if (!original || replied_to)
        return ic_comment_post(x, workflow, ic_json_string(x->body, "comment"),
                               cJSON_IsTrue(ic_json_member(x->body, "addUsersToWorkflow")), replied_to);
    ic_reply_error(x, 400, "NOT_FOUND", "repliedToActivityFeedMessageId", "comment does not exist");
    return NULL;
}

void ic_comments_create(ic_exchange *x) {
    const ic_comment *comment = comment_create(x);
    if (comment) ic_reply_json(x, 200, comment_view(x->company, comment));
}

void ic_comments_create_deprecated(ic_exchange *x) {
    if (comment_create(x)) ic_reply_nothing(x);
}
