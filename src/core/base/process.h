/* What there is once a process: the gate that guards it, its generation, and what a fork leaves behind. */
#ifndef IC_PROCESS_H
#define IC_PROCESS_H

#include <stdbool.h>

/* Initialises libcurl and installs the fork and exit handlers, once. False: libcurl cannot be initialised. */
bool ic_process_prepare(void);

/* What else happens at exit and in a forked child. */
typedef struct ic_process_hooks {
    void (*at_exit)(void);
    void (*in_child)(void);        /* with the gate new and unlocked, and no other thread there */
    struct ic_process_hooks *next; /* this module's, as is: */
    bool added;
} ic_process_hooks;
/* Adds hooks (static) unless they were added before. ic_process_prepare must have been called. False: the
 * process is exiting, and at_exit may not be called any more. */
bool ic_process_add_hooks(ic_process_hooks *hooks);
/* Grows with every fork on the child's side: what carries another number belongs to another process. */
unsigned ic_process_generation(void);

/* One mutex for the engine's inbox and life and the table of sockets: held for
 * moments, never while anything waits. A fork happens with it held, so that the child finds all of it whole.
 */
void ic_gate_lock(void);
void ic_gate_unlock(void);

/* Descriptors that a child closes: the engine's sockets and the mailboxes' pipes. The gate must not be held.
 * False: no memory. */
bool ic_process_adopt(int descriptor);
void ic_process_disown(int descriptor);

#endif
