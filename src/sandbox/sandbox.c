/* Starts and stops sandboxes, also at exit; a forked child inherits none. */
#include "sandbox/sandbox.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "listener/listen.h"
#include "sandbox/clickwrap/account.h"
#include "sandbox/control/control.h"
#include "sandbox/fixtures/fixtures.h"
#include "sandbox/http/server.h"
#include "sandbox/oauth/tokens.h"
#include "sandbox/service/service.h"
#include "sandbox/webhooks/sender.h"
#include "sandbox/workflows/design.h"
#include <curl/curl.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const ic_sandbox_options ic_sandbox_defaults = {
    .host = "127.0.0.1",
    .tls = true,
    .clock = IC_TIME_NONE,
    .seed = -1,
    .token_seconds = 21600,
    .code_seconds = 600,
    .job_seconds = 1,
    .import_credits = 1000,
    .max_body = (size_t)64 * 1024 * 1024,
};

struct ic_sandbox {
    pid_t owner; /* the process that started it */
    int port, socket;
    char *host;           /* that it listens on, as given */
    bool is_open;         /* reachable from other machines */
    pthread_mutex_t lock; /* protects company and log while the server runs */
    ic_company *company;
    ic_sender *sender; /* of its deliveries */
    ic_log log;
    ic_server server;
    int storage_socket; /* the origin of the signed links */
    ic_server storage;
    int clickwrap_socket; /* the origin of Clickwrap's APIs */
    ic_server clickwrap;
    ic_certificate certificate;
    char *folder, *ca_file;  /* private; NULL without TLS */
    struct ic_sandbox *next; /* list of running sandboxes of this process */
};

/* --- those that run --- */

static pthread_mutex_t living_lock = PTHREAD_MUTEX_INITIALIZER;
static ic_sandbox *living;

static void sandbox_append(ic_sandbox *sandbox) {
    pthread_mutex_lock(&living_lock);
    sandbox->next = living;
    living = sandbox;
    pthread_mutex_unlock(&living_lock);
}

static void sandbox_remove(const ic_sandbox *sandbox) {
    pthread_mutex_lock(&living_lock);
    ic_sandbox **at = &living;
    while (*at && *at != sandbox)
        at = &(*at)->next;
    if (*at) *at = sandbox->next;
    pthread_mutex_unlock(&living_lock);
}

/* os.exit may end a program without closing its Lua state. The thread must end before the libraries that it
 * uses clean up. */
static void sandbox_stop_all(void) {
    while (living && ic_sandbox_owned(living))
        ic_sandbox_stop(living);
}

static void sandbox_before_fork(void) {
    pthread_mutex_lock(&living_lock);
}

static void sandbox_after_fork_in_parent(void) {
    pthread_mutex_unlock(&living_lock);
}

/* The child has no server thread. Its copies of the listening sockets must not keep the ports in use. */
static void sandbox_after_fork_in_child(void) {
    for (const ic_sandbox *sandbox = living; sandbox; sandbox = sandbox->next)
        close(sandbox->socket), close(sandbox->storage_socket), close(sandbox->clickwrap_socket);
    living = NULL;
    pthread_mutex_unlock(&living_lock);
}

static void sandbox_prepare_process(void) {
    /* OpenSSL registers its exit handler here, before ours, so it runs after ours. Without an option it would
     * not register one. */
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    atexit(sandbox_stop_all);
    pthread_atfork(sandbox_before_fork, sandbox_after_fork_in_parent, sandbox_after_fork_in_child);
}

/* --- the certificate's folder --- */

/* Writes a new file that only this user can read. */
static bool sandbox_write_private(const char *path, const char *text) {
    FILE *file = fopen(path, "wxe");
    if (!file) return false;
    bool written = fchmod(fileno(file), S_IRUSR | S_IWUSR) == 0 && fputs(text, file) >= 0;
    return (fclose(file) == 0) && written;
}

static bool sandbox_publish_certificate(ic_sandbox *sandbox, char *error, size_t size) {
    const char *tmp = getenv("TMPDIR");
    ic_buf folder = {0}, file = {0};
    ic_buf_printf(&folder, "%s/ironclad-sandbox-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    char *name = ic_buf_take(&folder, NULL);
    ic_buf_free(&folder);
    if (name && !mkdtemp(name)) {
        snprintf(error, size, "cannot make a folder like %s: %s", name, strerror(errno));
        ic_free(name);
        return false;
    }
    sandbox->folder = name;
    ic_buf_printf(&file, "%s/ca.pem", name ? name : "");
    sandbox->ca_file = ic_buf_take(&file, NULL);
    ic_buf_free(&file);
    if (!name || !sandbox->ca_file) {
        snprintf(error, size, "no memory");
        return false;
    }
    if (sandbox_write_private(sandbox->ca_file, sandbox->certificate.certificate)) return true;
    snprintf(error, size, "cannot write %s: %s", sandbox->ca_file, strerror(errno));
    return false;
}

static void sandbox_remove_certificate(const ic_sandbox *sandbox) {
    if (sandbox->ca_file) unlink(sandbox->ca_file);
    if (sandbox->folder) rmdir(sandbox->folder);
}

/* --- start --- */

static bool sandbox_replace_text(char **text, const char *wanted) {
    if (!wanted) return true;
    char *copy = ic_strdup(wanted);
    if (!copy) return false;
    ic_free_secret(*text);
    *text = copy;
    return true;
}

/* Fixtures have two apps. */
static ic_app *sandbox_app(const ic_company *company, size_t i) {
    return company->apps.items[i];
}

static ic_company *sandbox_new_company(const ic_sandbox_options *options) {
    ic_company *company = ic_company_new(ic_service_ends);
    if (!company) return NULL;
    company->clock.fixed = options->clock;
    if (options->seed >= 0) ic_company_seed(company, (uint64_t)options->seed);
    company->token_seconds = options->token_seconds;
    company->code_seconds = options->code_seconds;
    company->job_seconds = options->job_seconds;
    company->import_credits = options->import_credits;
    return company;
}

static void sandbox_built_in_fixtures(ic_buf *text) {
    for (size_t i = 0; ic_fixtures[i]; i++)
        ic_buf_puts(text, ic_fixtures[i]);
}

char *ic_sandbox_fixtures(void) {
    ic_buf text = {0};
    sandbox_built_in_fixtures(&text);
    cJSON *tree = text.failed ? NULL : ic_json_parse(text.data, text.length, NULL);
    char *pretty = tree ? cJSON_Print(tree) : NULL, *copy = ic_strdup(pretty);
    cJSON_free(pretty);
    cJSON_Delete(tree);
    ic_buf_free(&text);
    return copy;
}

static bool sandbox_read_fixtures(const char *path, ic_buf *text, char *error, size_t size) {
    char piece[16 * 1024];
    size_t got;
    FILE *file = fopen(path, "re");
    errno = file ? 0 : errno;
    while (file && (got = fread(piece, 1, sizeof piece, file)) > 0)
        ic_buf_add(text, piece, got);
    bool read = file && !ferror(file);
    if (!read) snprintf(error, size, "cannot read the fixtures %s: %s", path, strerror(errno));
    if (file) fclose(file);
    return read;
}

static bool sandbox_load_fixtures(ic_company *company, const char *path, char *error, size_t size) {
    ic_buf text = {0};
    bool loaded = true;
    if (path)
        loaded = sandbox_read_fixtures(path, &text, error, size);
    else
        sandbox_built_in_fixtures(&text);
    loaded = loaded && !text.failed &&
             ic_company_load(company, path ? path : "fixtures", text.data, text.length, error, size);
    ic_buf_free(&text);
    return loaded;
}

static bool sandbox_make_company(ic_sandbox *sandbox, const ic_sandbox_options *options, char *error,
                                 size_t size) {
    ic_company *company = sandbox->company = sandbox_new_company(options);
    snprintf(error, size, "no memory");
    return company &&
           ic_outbox_open(company, &sandbox->lock, options->deliver_to, options->deliver_ca_file) &&
           (sandbox->sender = ic_sender_new(company)) != NULL &&
           sandbox_load_fixtures(company, options->fixtures, error, size) &&
           ic_scopes_license(company, options->scopes) &&
           sandbox_replace_text(&company->redirect_uris, options->redirect_uris) &&
           sandbox_replace_text(&sandbox_app(company, 0)->id, options->client_id) &&
           sandbox_replace_text(&sandbox_app(company, 0)->secret, options->client_secret);
}

/* The URL of a server that listens at `host`. One cannot connect to a wildcard address. */
static char *sandbox_url_of(const char *host, int port, bool tls) {
    if (strcmp(host, "0.0.0.0") == 0) host = "127.0.0.1";
    if (strcmp(host, "::") == 0) host = "::1";
    ic_buf url = {0};
    ic_buf_printf(&url, strchr(host, ':') ? "%s://[%s]:%d" : "%s://%s:%d", tls ? "https" : "http", host,
                  port);
    char *text = ic_buf_take(&url, NULL);
    ic_buf_free(&url);
    return text;
}

static bool sandbox_open_log(ic_sandbox *sandbox, const char *path, char *error, size_t size) {
    if (!path) return true;
    sandbox->log.file = fopen(path, "ae");
    if (!sandbox->log.file) {
        snprintf(error, size, "cannot write the log %s: %s", path, strerror(errno));
        return false;
    }
    setvbuf(sandbox->log.file, NULL, _IOLBF, BUFSIZ);
    return true;
}

/* Uses any free port. */
static bool sandbox_start_storage(ic_sandbox *sandbox, const ic_sandbox_options *options, char *error,
                                  size_t size) {
    int port = 0;
    ic_company *company = sandbox->company;
    sandbox->storage_socket = ic_listen(options->host, &port, error, size);
    if (sandbox->storage_socket < 0) return false;
    snprintf(error, size, "cannot start the HTTP server");
    company->storage_url = sandbox_url_of(options->host, port, options->tls);
    ic_random_hex(company, company->storage_key, sizeof company->storage_key - 1);
    sandbox->storage = (ic_server){.company = company,
                                   .log = &sandbox->log,
                                   .lock = &sandbox->lock,
                                   .host = sandbox->host,
                                   .answer = ic_service_answer_storage};
    if (company->storage_url && ic_server_start(&sandbox->storage, sandbox->storage_socket,
                                                options->tls ? &sandbox->certificate : NULL))
        return true;
    close(sandbox->storage_socket);
    return false;
}

/* Both APIs of Clickwrap. */
static bool sandbox_start_clickwrap(ic_sandbox *sandbox, const ic_sandbox_options *options, char *error,
                                    size_t size) {
    int port = options->clickwrap_port;
    ic_company *company = sandbox->company;
    sandbox->clickwrap_socket = ic_listen(options->host, &port, error, size);
    if (sandbox->clickwrap_socket < 0) return false;
    snprintf(error, size, "cannot start the HTTP server of Clickwrap");
    company->clickwrap_url = sandbox_url_of(options->host, port, options->tls);
    sandbox->clickwrap = (ic_server){.company = company,
                                     .log = &sandbox->log,
                                     .lock = &sandbox->lock,
                                     .host = sandbox->host,
                                     .max_body = options->max_body,
                                     .product = IC_PRODUCT_CLICKWRAP,
                                     .answer = ic_service_answer_clickwrap};
    if (company->clickwrap_url && ic_server_start(&sandbox->clickwrap, sandbox->clickwrap_socket,
                                                  options->tls ? &sandbox->certificate : NULL))
        return true;
    close(sandbox->clickwrap_socket);
    return false;
}

static bool sandbox_start_all(ic_sandbox *sandbox, const ic_sandbox_options *options, char *error,
                              size_t size) {
    if (!sandbox_make_company(sandbox, options, error, size) ||
        !sandbox_open_log(sandbox, options->log, error, size))
        return false;
    sandbox->port = options->port;
    sandbox->host = ic_strdup(options->host);
    if (!sandbox->host) {
        snprintf(error, size, "no memory");
        return false;
    }
    sandbox->socket = ic_listen(options->host, &sandbox->port, error, size);
    if (sandbox->socket < 0) return false;
    sandbox->is_open = !ic_listens_locally(sandbox->socket);
    if (options->tls) {
        if (!ic_certificate_make(&sandbox->certificate, options->host)) {
            snprintf(error, size, "cannot make a certificate for %s", options->host);
            return false;
        }
        if (!sandbox_publish_certificate(sandbox, error, size)) return false;
    }
    if (!sandbox_start_storage(sandbox, options, error, size) ||
        !sandbox_start_clickwrap(sandbox, options, error, size))
        return false;
    snprintf(error, size, "cannot start the HTTP server");
    sandbox->company->url = sandbox_url_of(options->host, sandbox->port, options->tls);
    sandbox->server = (ic_server){.company = sandbox->company,
                                  .log = &sandbox->log,
                                  .lock = &sandbox->lock,
                                  .host = sandbox->host,
                                  .max_body = options->max_body,
                                  .answer = ic_service_answer};
    return sandbox->company->url &&
           ic_server_start(&sandbox->server, sandbox->socket, options->tls ? &sandbox->certificate : NULL);
}

ic_sandbox *ic_sandbox_start(const ic_sandbox_options *options, char *error, size_t size) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, sandbox_prepare_process);
    ic_sandbox *sandbox = ic_calloc(1, sizeof *sandbox);
    if (!sandbox) {
        snprintf(error, size, "no memory");
        return NULL;
    }
    sandbox->owner = getpid();
    sandbox->socket = -1;
    pthread_mutex_init(&sandbox->lock, NULL);
    if (sandbox_start_all(sandbox, options, error, size)) {
        sandbox_append(sandbox);
        return sandbox;
    }
    if (sandbox->socket >= 0) close(sandbox->socket);
    ic_sandbox_free(sandbox);
    return NULL;
}

/* --- end --- */

bool ic_sandbox_owned(const ic_sandbox *sandbox) {
    return sandbox->owner == getpid();
}

void ic_sandbox_stop(ic_sandbox *sandbox) {
    if (!ic_sandbox_owned(sandbox)) return;
    sandbox_remove(sandbox);
    ic_server_stop(&sandbox->server); /* closes the socket */
    ic_server_stop(&sandbox->storage);
    ic_server_stop(&sandbox->clickwrap);
    if (sandbox->company) {
        ic_sender_free(sandbox->sender);
        sandbox->sender = NULL;
        ic_spool_close(sandbox->company->spool);
    }
    sandbox_remove_certificate(sandbox);
}

void ic_sandbox_free(ic_sandbox *sandbox) {
    if (!sandbox || !ic_sandbox_owned(sandbox)) return; /* a child's copy may be inconsistent */
    ic_sandbox_stop(sandbox);
    pthread_mutex_destroy(&sandbox->lock);
    ic_company_free(sandbox->company);
    ic_log_free(&sandbox->log);
    ic_certificate_free(&sandbox->certificate);
    ic_free(sandbox->host);
    ic_free(sandbox->folder);
    ic_free(sandbox->ca_file);
    ic_free(sandbox);
}

/* --- facts --- */

int ic_sandbox_port(const ic_sandbox *sandbox) {
    return sandbox->port;
}

const char *ic_sandbox_url(const ic_sandbox *sandbox) {
    return sandbox->company->url;
}

const char *ic_sandbox_client_id(const ic_sandbox *sandbox) {
    return sandbox_app(sandbox->company, 0)->id;
}

const char *ic_sandbox_client_secret(const ic_sandbox *sandbox) {
    return sandbox_app(sandbox->company, 0)->secret;
}

const char *ic_sandbox_other_client_id(const ic_sandbox *sandbox) {
    return sandbox_app(sandbox->company, 1)->id;
}

const char *ic_sandbox_other_client_secret(const ic_sandbox *sandbox) {
    return sandbox_app(sandbox->company, 1)->secret;
}

const char *ic_sandbox_as_user(const ic_sandbox *sandbox) {
    const ic_user *first = sandbox->company->users.items[0];
    return first->email;
}

const char *ic_sandbox_clickwrap_url(const ic_sandbox *sandbox) {
    return sandbox->company->clickwrap_url;
}

const char *ic_sandbox_ca_file(const ic_sandbox *sandbox) {
    return sandbox->ca_file;
}

/* --- control --- */

static bool sandbox_run_action(ic_sandbox *sandbox, const char *name, const cJSON *arguments, ic_buf *out) {
    ic_control asked = {.company = sandbox->company, .log = &sandbox->log, .arguments = arguments};
    pthread_mutex_lock(&sandbox->lock);
    bool done = ic_control_run(&asked, name);
    pthread_mutex_unlock(&sandbox->lock);
    char *text = done && asked.answer ? ic_json_print(asked.answer) : NULL;
    if (!done)
        ic_buf_puts(out, asked.message);
    else if (text)
        ic_buf_puts(out, text);
    else if (asked.answer)
        out->failed = true;
    ic_json_text_free(text);
    cJSON_Delete(asked.answer);
    return done;
}

bool ic_sandbox_control(ic_sandbox *sandbox, const char *name, const char *text, size_t length, ic_buf *out) {
    ic_error error = {0};
    cJSON *arguments = ic_json_parse(text, length, &error);
    bool done = false;
    if (cJSON_IsObject(arguments))
        done = sandbox_run_action(sandbox, name, arguments, out);
    else
        ic_buf_puts(out, arguments ? "the arguments must be a table of names" : ic_error_message(&error));
    ic_error_clear(&error);
    cJSON_Delete(arguments);
    return done;
}

static void sandbox_describe_clickwrap(ic_company *company, ic_buf *out) {
    char site[64] = "";
    const ic_clickwrap *clickwrap = ic_clickwrap_of(company);
    if (!clickwrap) return;
    ic_cw_text(clickwrap->lists[IC_CW_SITE]->child, "access_id", site, sizeof site);
    ic_buf_printf(out, "Clickwrap at %s\nsite access id: %s\nAPI token: %s\n", company->clickwrap_url, site,
                  clickwrap->token);
}

static void sandbox_describe_user(ic_buf *out, const ic_user *user) {
    ic_buf_printf(out, "  %s (%s %s, %s)\n", user->email, user->first_name, user->last_name, user->title);
}

static void sandbox_describe_template(ic_buf *out, const ic_template *template) {
    ic_buf_printf(out, "  %s  %s\n", template->id, template->name);
}

void ic_sandbox_info(ic_sandbox *sandbox, ic_buf *out) {
    const ic_company *company = sandbox->company;
    pthread_mutex_lock(&sandbox->lock);
    ic_buf_printf(out, "%s at %s\n", company->name, company->url);
    ic_buf_printf(out, "signed links lead to: %s\n", company->storage_url);
    sandbox_describe_clickwrap(sandbox->company, out);
    if (sandbox->is_open)
        ic_buf_puts(out, "OPEN: other machines can reach it, and its secrets are no secrets\n");
    if (sandbox->ca_file) ic_buf_printf(out, "certificate: %s\n", sandbox->ca_file);
    ic_buf_printf(out, "client id: %s\nclient secret: %s\n", sandbox_app(company, 0)->id,
                  sandbox_app(company, 0)->secret);
    ic_buf_printf(out, "redirect URIs: http://localhost, any port and path%s%s\n",
                  company->redirect_uris ? "; " : "", company->redirect_uris ? company->redirect_uris : "");
    ic_buf_puts(out, "users (the first may do everything):\n");
    for (size_t i = 0; i < company->users.count; i++)
        sandbox_describe_user(out, company->users.items[i]);
    ic_buf_puts(out, "templates:\n");
    for (size_t i = 0; i < company->templates.count; i++)
        sandbox_describe_template(out, company->templates.items[i]);
    ic_buf_printf(
        out, "workflows: %zu, records: %zu, entities: %zu, obligations: %zu, groups: %zu, webhooks: %zu\n",
        company->workflows.count, company->records_by_agreement.count, company->entities.count,
        company->obligations.count, company->groups.count, company->webhooks.count);
    pthread_mutex_unlock(&sandbox->lock);
}
