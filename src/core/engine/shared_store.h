/* Tokens in the shared Redis: the steps of a store (store_worker.h) for `store = "shared"`.
 *
 * One machine at a time has the lock of a token, for a short time that it extends while it works, so that a
 * machine that dies or is frozen does not keep the others out. The token that a refresh has brought is saved
 * even if the lock has been lost meanwhile, unless another machine has saved a newer one.
 *
 * While Redis cannot be reached, a client with client credentials gets its own token, because that affects no
 * other machine. A person's token is not refreshed then: another machine may do it at the same time, and one
 * of the two would be locked out. The engine's thread only. */
#ifndef IC_SHARED_STORE_H
#define IC_SHARED_STORE_H

#include "core/auth/token.h"
#include "core/engine/shared.h"
#include "core/shared/seal.h"

#define IC_HOLDER_SIZE 33 /* 32 hexadecimal digits and a NUL */

typedef void ic_shared_store_done(ic_engine *engine, void *owner, const ic_error *error);

typedef struct ic_shared_store {
    ic_engine *engine;
    void *owner; /* for `done` */
    ic_shared_store_done *done;
    ic_token *found; /* where LOAD puts the token; the owner's */
    /* Its own. */
    ic_connection *connection; /* of the step under way; borrowed */
    ic_shared *shared;
    ic_link_command *command; /* the step's, or NULL */
    ic_link_command *extend;  /* or NULL */
    ic_timer retry;           /* tries for the lock again */
    ic_timer extension;       /* extends the lock */
    double lock_until;        /* when trying for the lock ends; ic_now's seconds */
    char holder[IC_HOLDER_SIZE];
    char before[65]; /* the mark of the token that Redis has, as far as is known; "": none */
    char mark[65];   /* of the token that is being saved */
    /* The token that the owner has, as it was loaded or saved: its mark, and when it was saved first, in
     * milliseconds by Redis's clock; 0: unknown. */
    char own[65];
    long long time;
    long long fence;
    bool behind; /* see ic_shared_store_is_behind */
    bool locked;
    bool alone; /* Redis could not be reached: this work continues without it */
} ic_shared_store;

/* Reserves what it needs. False when out of memory; there is nothing to clear then. */
bool ic_shared_store_init(ic_engine *engine, ic_shared_store *store, void *owner, ic_token *found);
void ic_shared_store_clear(ic_shared_store *store);

/* The steps. Each ends in `done`, which may be called at once. */
void ic_shared_store_lock(ic_shared_store *store, ic_connection *connection, ic_shared_store_done *done);
void ic_shared_store_load(ic_shared_store *store, ic_shared_store_done *done);
/* After LOAD: whether the owner's token is newer than the one in Redis. Redis has lost it, has an older one
 * from before it lost data, or cannot be reached. The owner's token must then be saved again. */
bool ic_shared_store_is_behind(const ic_shared_store *store);
/* Makes sure that the lock is still held, before a refresh token is spent. */
void ic_shared_store_prepare(ic_shared_store *store, ic_shared_store_done *done);
void ic_shared_store_save(ic_shared_store *store, const ic_token *token, ic_shared_store_done *done);
void ic_shared_store_unlock(ic_shared_store *store, ic_shared_store_done *done);

#endif
