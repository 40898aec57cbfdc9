/* The link to one Redis: it opens the connection, logs in, checks the server, sends commands, opens the
 * connection again with growing pauses when it has ended, and gives every command its reply or an error in
 * time. It has no thread and no clock: its owner passes the time (ic_now's seconds), waits for the socket and
 * calls ic_link_serve. One thread only.
 *
 * A command that was sent when the connection ended may have been carried out. Scripts that change something
 * are therefore written so that they can be run twice. */
#ifndef IC_SHARED_LINK_H
#define IC_SHARED_LINK_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/shared/address.h"
#include "core/shared/command.h"
#include "core/shared/driver.h"
#include "core/shared/scripts.h"

typedef struct ic_link ic_link;

/* Takes the address over, leaving it empty. Opens nothing. `wake` is called on any thread; ic_link_serve must
 * follow. NULL with MEMORY. */
ic_link *ic_link_new(const ic_redis_driver *driver, ic_shared_address *address, void (*wake)(void),
                     ic_error *error);
/* Ends the connection. Commands under way are dropped without a call. */
void ic_link_free(ic_link *link);

/* Sends a command of `count` words, at once or when the connection is open. `until`: when its time is up; a
 * server that has not answered by then is given up. `patient`: waits for the connection until then; if false,
 * the command fails at once while the server cannot be reached. NULL when out of memory; `done` is not called
 * during this call. */
ic_link_command *ic_link_send(ic_link *link, const char *const *words, const size_t *lengths, size_t count,
                              bool patient, double now, double until, ic_link_done *done, void *owner);
/* Runs a script with the same limits. `words` are its keys, then its arguments; at least as many words as it
 * has keys. The script's text must stay as it is until then. */
ic_link_command *ic_link_run(ic_link *link, const ic_script *script, const char *const *words,
                             const size_t *lengths, size_t count, bool patient, double now, double until,
                             ic_link_done *done, void *owner);
/* Nobody waits for the command any more: `done` is not called. It may still be carried out. */
void ic_link_forget(ic_link_command *command);

/* Whether the server can be reached, as far as is known; false before the first connection is open. */
bool ic_link_is_up(const ic_link *link);
/* Whether the last try to reach the server has failed. */
bool ic_link_is_down(const ic_link *link);
const char *ic_link_name(const ic_link *link); /* the address, without its password */

/* The socket to wait for; -1: none. */
int ic_link_descriptor(const ic_link *link, bool *reads, bool *writes);
/* When ic_link_serve must be called at the latest; INFINITY: only for the socket. */
double ic_link_due(const ic_link *link);
/* Does what is due. `random` is from [0, 1). */
void ic_link_serve(ic_link *link, bool readable, bool writable, double now, double random);

#endif
