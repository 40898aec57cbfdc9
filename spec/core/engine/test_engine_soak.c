/* A long life: clients that are made for each visitor and dropped again leave nothing behind. With two
 * arguments, numbers of clients and of calls, it also prints what it has measured. */
#include "spec/core/engine/engine_trial.h"
#include <dirent.h>
#include <malloc.h>
#include <time.h>

static const char both[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n"
                           "{\"access_token\":\"SECRET-first\",\"expires_in\":21600,\"id\":\"42\"}";

static int count_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        count++;
    if (folder) closedir(folder);
    return count;
}

/* Of the whole process: what its test server keeps of the requests is not counted. */
typedef struct level {
    long blocks;
    int descriptors;
} level;

static level measure(level most) {
    long blocks = ic_alloc_live();
    int descriptors = count_descriptors();
    if (blocks > most.blocks) most.blocks = blocks;
    if (descriptors > most.descriptors) most.descriptors = descriptors;
    return most;
}

/* Its own text for each number, so that it shares nothing with other clients. */
static ic_connection *connect_number(const ic_peer *peer, const char *option, long number) {
    char instance[64], text[64];
    ic_settings settings;
    ic_error error = {0};
    snprintf(instance, sizeof instance, "http://127.0.0.1:%d", ic_peer_port(peer));
    snprintf(text, sizeof text, "SECRET-%ld", number);
    ic_settings_default(&settings);
    settings.rate_limit = false; /* a budget is remembered for a minute */
    ic_settings_text(&settings, ic_option_find("instance", IC_FOR_CONNECT), instance, &error);
    ic_settings_text(&settings, ic_option_find(option, IC_FOR_CONNECT), text, &error);
    if (strcmp(option, "token") != 0) {
        ic_settings_text(&settings, ic_option_find("client_secret", IC_FOR_CONNECT), "SECRET-of-it", &error);
        ic_settings_text(&settings, ic_option_find("grant", IC_FOR_CONNECT), "authorization_code", &error);
    }
    ic_connection *connection = ic_connection_new(&settings, NULL, 0, &error);
    if (!CHECK(connection)) printf("    %s\n", ic_error_message(&error));
    ic_settings_clear(&settings);
    ic_error_clear(&error);
    return connection;
}

/* One visitor: a client with its own token, or of a person who has not logged in; its calls. */
static void visit(const ic_peer *peer, ic_mailbox *mailbox, long number, long calls) {
    bool personal = number % 2;
    ic_connection *connection = connect_number(peer, personal ? "client_id" : "token", number);
    for (long i = 0; i < calls; i++) {
        ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
        await(mailbox, call);
        CHECK(call->error.kind == (personal ? IC_ERR_AUTH : IC_OK));
        ic_call_release(call);
    }
    ic_connection_release(connection);
}

static long clients_wanted = 2400, calls_wanted = 4800;

static void test_visitors(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    level first = {0}, second = {0};
    for (long i = 0; i < clients_wanted; i++) {
        visit(peer, mailbox, i, calls_wanted / clients_wanted);
        if (i < clients_wanted / 2)
            first = measure(first);
        else
            second = measure(second);
    }
    /* A single block that each client left behind would make half as many as there are clients. The highest
     * number also depends on how late the engine's thread runs. */
    if (!CHECK(second.blocks <= first.blocks + clients_wanted / 4))
        printf("    blocks: %ld, then %ld\n", first.blocks, second.blocks);
    if (!CHECK(second.descriptors <= first.descriptors + 2))
        printf("    descriptors: %d, then %d\n", first.descriptors, second.descriptors);
    if (clients_wanted > 2400)
        printf("most blocks %ld, then %ld; most descriptors %d, then %d\n", first.blocks, second.blocks,
               first.descriptors, second.descriptors);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* A client that is made for each call finds the token of the one before it. */
static void test_same_client(void) {
    const char *answers[] = {both};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    for (int i = 0; i < 400; i++) {
        ic_connection *connection = connect_as(peer, "the-same");
        ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
        await(mailbox, call);
        CHECK(call->error.kind == IC_OK);
        ic_call_release(call);
        ic_connection_release(connection);
    }
    size_t count;
    ic_peer_requests(peer, &count);
    CHECK(count == 401);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

int main(int count, char **arguments) {
    if (count > 2) {
        clients_wanted = strtol(arguments[1], NULL, 10);
        calls_wanted = strtol(arguments[2], NULL, 10);
    }
    limit_seconds(count > 2 ? 900 : 100);
    STAGE(test_same_client);
    STAGE(test_visitors);
    return check_done("engine_soak");
}
