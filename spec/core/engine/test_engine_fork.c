/* The engine in a process that forks. */
#include "spec/core/engine/engine_trial.h"
#include <fcntl.h>
#include <sys/wait.h>

/* A sanitizer's own lock may be held by another thread during the fork, and nobody in the child releases it.
 * Then, and only then, another child is tried. */
#ifdef __SANITIZE_ADDRESS__
#define CHILD_TRIES 4
#else
#define CHILD_TRIES 1
#endif
#define CHILD_SECONDS 30

/* Ends a child by exec, so that no checker reports the parent's memory in it as a leak. */
static void leave(bool works) {
    const char *verdict = works ? "true" : "false";
    execlp(verdict, verdict, (char *)NULL);
    _exit(1);
}

static bool in_child(bool (*part)(void *), void *argument) {
    int status = 0;
    for (int tries = 0; tries < CHILD_TRIES; tries++) {
        pid_t child = fork();
        if (child == 0) {
            signal(SIGALRM, SIG_DFL);
            alarm(CHILD_SECONDS);
            leave(part(argument));
        }
        waitpid(child, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM) break;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool other_files_are_left(void *argument) {
    const int *ends = argument;
    return fcntl(ends[0], F_GETFD) >= 0 && fcntl(ends[1], F_GETFD) < 0;
}

/* libcurl closes some sockets without telling; at the fork the number may belong to a file of the host. */
static void test_fork_leaves_other_files(void) {
    int ends[2];
    CHECK(ic_process_prepare() && pipe(ends) == 0);
    CHECK(ic_process_register(ends[0]) && ic_process_register(ends[1]));
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(dup2(file, ends[0]) == ends[0]);
    CHECK(in_child(other_files_are_left, ends));
    ic_process_unregister(ends[0]);
    ic_process_unregister(ends[1]);
    close(file);
    close(ends[0]);
    close(ends[1]);
}

typedef struct inheritance {
    ic_mailbox *mailbox;
    ic_call *pending;
    ic_connection *connection;
} inheritance;

/* In the child: what it inherited is not touched, and it can start an engine of its own. */
static bool child_works(void *argument) {
    const inheritance *mine = argument;
    bool works = !ic_mailbox_is_ours(mine->mailbox) && ic_mailbox_descriptor(mine->mailbox) == -1;
    ic_call_cancel(mine->pending); /* another process's call: does nothing */
#ifndef __SANITIZE_THREAD__        /* which does not support threads in a child */
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_call *call = start_call(mailbox, mine->connection, "retrieve-a-workflow");
    await(mailbox, call);
    works = works && call->error.kind == IC_OK;
    ic_call_release(call);
    end_mailbox(mailbox);
    ic_engine_stop();
#endif
    return works;
}

static void test_fork(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1), *silent = start_silent();
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true), *stuck = connect_to(silent, true);
    ic_call *pending = start_call(mailbox, stuck, "retrieve-a-workflow");
    ic_peer_await(silent, 1);
    CHECK(in_child(child_works, &(inheritance){mailbox, pending, connection}));
    CHECK(!ic_call_done(pending));
    ic_call_cancel(pending);
    await(mailbox, pending);
    CHECK(pending->error.kind == IC_ERR_CANCELLED);
    ic_call_release(pending);
    ic_connection_release(connection);
    ic_connection_release(stuck);
    end_mailbox(mailbox);
    ic_peer_free(peer);
    ic_peer_free(silent);
}

int main(void) {
    limit_seconds(200);
    STAGE(test_fork_leaves_other_files);
    STAGE(test_fork);
    return check_done("engine_fork");
}
