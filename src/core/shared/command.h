/* The commands of a link, and the lists in which they wait. */
#ifndef IC_SHARED_COMMAND_H
#define IC_SHARED_COMMAND_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/shared/reply.h"
#include "core/shared/scripts.h"

typedef struct ic_link_command ic_link_command;

/* The command is done, or has failed: then `error` is STORE or MEMORY, and `reply` is NULL. Both are valid
 * during the call, which may send other commands, and must not free the link. It may take the reply over, and
 * leaves an empty one. The error's outcome is UNKNOWN when Redis may have carried the command out. */
typedef void ic_link_done(void *owner, ic_reply *reply, const ic_error *error);

typedef struct ic_commands {
    ic_link_command *first, *last;
    bool awaits; /* the replies to its commands are still to come */
} ic_commands;

struct ic_link_command {
    ic_commands *list; /* that it is in, or NULL */
    ic_link_command *previous, *next;
    ic_buf bytes;      /* its words in Redis's protocol; of a script: its keys and arguments */
    size_t words;      /* in `bytes` */
    ic_script script;  /* text NULL: a plain command */
    bool whole_script; /* the text is sent, because the server does not know the digest */
    bool patient;
    double sent_at; /* 0: not sent, or refused */
    double until;
    ic_link_done *done; /* NULL: its reply is ignored */
    void *owner;
};

/* A command in no list. `lengths` NULL: the words end with a NUL. NULL when out of memory. */
ic_link_command *ic_command_new(const char *const *words, const size_t *lengths, size_t count);
void ic_command_free(ic_link_command *command); /* removes it from its list */
/* Whether Redis may have carried it out, or may still do so. */
bool ic_command_is_sent(const ic_link_command *command);
/* Appends what is sent for the command (Redis serialization protocol specification, RESP2). False when out of
 * memory. */
bool ic_command_encode(const ic_link_command *command, ic_buf *bytes);

void ic_commands_append(ic_commands *list, ic_link_command *command); /* which must be in no list */
void ic_command_remove(ic_link_command *command);                     /* from its list, if it is in one */
void ic_commands_free(ic_commands *list);
/* Removes a command that was sent from its list, and puts one in its place that ignores the reply, which is
 * still to come. False when out of memory: nothing has changed. */
bool ic_command_replace_by_placeholder(ic_link_command *command);

#endif
