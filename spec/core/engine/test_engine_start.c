/* The engine when no thread can be started, as under RLIMIT_NPROC or in a container with few pids. */
#include "spec/core/engine/engine_trial.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

static atomic_bool no_threads;

/* Stands before the C library's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument) {
    typedef int creator(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    creator *real;
    if (atomic_load(&no_threads)) return EAGAIN;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attributes, run, argument);
}

/* Descriptors that a program executed by this process would have. */
static int count_inherited(void) {
    int count = 0;
    for (int i = 0; i < 1024; i++) {
        int flags = fcntl(i, F_GETFD);
        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}

/* The first calls fail with an error of kind IO, and one later succeeds. */
static void test_no_thread(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    atomic_store(&no_threads, true);
    for (int i = 0; i < 3; i++) {
        ic_error error = {0};
        ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
        long before = ic_alloc_live();
        CHECK(!ic_call_start(call, &error));
        CHECK(error.kind == IC_ERR_IO);
        CHECK(strncmp(ic_error_message(&error), "cannot start a thread", 21) == 0);
        ic_error_clear(&error);
        CHECK(ic_alloc_live() == before);
        ic_call_release(call);
    }
    atomic_store(&no_threads, false);
    int inherited = count_inherited();
    ic_call *call = ic_call_new(mailbox, connection); /* sends nothing: the server opens no descriptor */
    ic_error error = {0};
    call->purpose = IC_PURPOSE_SLEEP;
    CHECK(ic_call_start(call, &error));
    await(mailbox, call);
    CHECK(count_inherited() == inherited);
    ic_call_release(call);
    call = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, call);
    CHECK(call->error.kind == IC_OK);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

int main(void) {
    limit_seconds(30);
    STAGE(test_no_thread);
    return check_done("engine_start");
}
