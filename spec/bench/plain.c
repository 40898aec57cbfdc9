/* What the benchmarks compare with: the same work in plain C on libcurl and cJSON, as one would write it by
 * hand. One easy handle for calls in turn, one multi handle for many at once.
 *
 *   plain start|get URL CA COUNT VERSION         GETs of a workflow in turn
 *   plain pages URL CA COUNT VERSION             pages of records in turn; reads one field of each record
 *   plain many|slow URL CA COUNT VERSION IN_FLIGHT   GETs of a workflow, that many at once; slow: of another
 *   plain up|down URL CA FILE VERSION            a file as a form, or into the file
 *
 * VERSION is 1.1 or 2. Prints nothing; the status is 1 when something is not as expected. */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "Authorization: Bearer a-token-as-long-as-those-of-the-service-0123"

typedef struct answer {
    CURL *easy;
    char *data;
    size_t length, capacity;
} answer;

static const char *site, *authorities;
static long version;
static struct curl_slist *headers;

static void check(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "plain: %s\n", what);
    exit(1);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *argument) {
    answer *a = argument;
    size_t length = size * count;
    if (a->length + length + 1 > a->capacity) {
        a->capacity = (a->length + length + 1) * 2;
        a->data = realloc(a->data, a->capacity);
        check(a->data, "memory");
    }
    memcpy(a->data + a->length, bytes, length);
    a->length += length;
    a->data[a->length] = '\0';
    return length;
}

static void set_up(answer *a) {
    a->easy = curl_easy_init();
    curl_easy_setopt(a->easy, CURLOPT_CAINFO, authorities);
    curl_easy_setopt(a->easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(a->easy, CURLOPT_HTTP_VERSION, version);
    curl_easy_setopt(a->easy, CURLOPT_PIPEWAIT, version == CURL_HTTP_VERSION_2TLS ? 1L : 0L);
    curl_easy_setopt(a->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(a->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(a->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(a->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(a->easy, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(a->easy, CURLOPT_PRIVATE, a);
}

static void aim(answer *a, const char *format, long number) {
    char path[128], url[512];
    snprintf(path, sizeof path, format, number);
    snprintf(url, sizeof url, "%s%s", site, path);
    curl_easy_setopt(a->easy, CURLOPT_URL, url);
    a->length = 0;
}

static cJSON *read_answer(const answer *a) {
    long status = 0;
    curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
    check(status == 200, "status");
    cJSON *tree = cJSON_ParseWithLength(a->data, a->length);
    check(tree, "JSON");
    return tree;
}

static void read_workflow(const answer *a) {
    cJSON *tree = read_answer(a);
    check(strcmp(cJSON_GetObjectItemCaseSensitive(tree, "id")->valuestring, "w1") == 0, "id");
    cJSON_Delete(tree);
}

static void get_in_turn(long count) {
    answer a = {0};
    set_up(&a);
    for (long i = 0; i < count; i++) {
        aim(&a, "/public/api/v1/workflows/w1", 0);
        check(curl_easy_perform(a.easy) == CURLE_OK, "GET");
        read_workflow(&a);
    }
    curl_easy_cleanup(a.easy);
    free(a.data);
}

static void get_pages(long count) {
    answer a = {0};
    long records = 0;
    set_up(&a);
    for (long page = 0; page < count; page++) {
        aim(&a, "/public/api/v1/records?page=%ld&pageSize=100", page);
        check(curl_easy_perform(a.easy) == CURLE_OK, "page");
        cJSON *tree = read_answer(&a), *record;
        cJSON_ArrayForEach(record, cJSON_GetObjectItemCaseSensitive(tree, "list")) {
            cJSON *properties = cJSON_GetObjectItemCaseSensitive(record, "properties");
            cJSON *name = cJSON_GetObjectItemCaseSensitive(properties, "counterpartyName");
            if (cJSON_GetObjectItemCaseSensitive(name, "value")->valuestring) records++;
        }
        cJSON_Delete(tree);
    }
    check(records == count * 100, "records");
    curl_easy_cleanup(a.easy);
    free(a.data);
}

static void get_many(const char *path, long count, long in_flight) {
    answer *all = calloc((size_t)in_flight, sizeof *all);
    CURLM *multi = curl_multi_init();
    long started = 0, ended = 0;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight);
    for (; started < in_flight && started < count; started++) {
        set_up(&all[started]);
        aim(&all[started], path, 0);
        curl_multi_add_handle(multi, all[started].easy);
    }
    while (ended < count) {
        int running, left;
        curl_multi_perform(multi, &running);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
            CURL *easy = message->easy_handle;
            answer *a = NULL;
            check(message->data.result == CURLE_OK, "GET");
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&a);
            read_workflow(a);
            ended++;
            curl_multi_remove_handle(multi, easy);
            if (started >= count) continue;
            started++;
            aim(a, path, 0);
            curl_multi_add_handle(multi, easy);
        }
        if (ended < count) curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
    for (long i = 0; i < in_flight; i++) {
        curl_easy_cleanup(all[i].easy);
        free(all[i].data);
    }
    curl_multi_cleanup(multi);
    free(all);
}

static void send_file(const char *path) {
    answer a = {0};
    set_up(&a);
    curl_mime *form = curl_mime_init(a.easy);
    curl_mimepart *part = curl_mime_addpart(form);
    curl_mime_name(part, "attachment");
    curl_mime_filedata(part, path);
    curl_easy_setopt(a.easy, CURLOPT_MIMEPOST, form);
    aim(&a, "/public/api/v1/records/r1/attachments/signedCopy", 0);
    check(curl_easy_perform(a.easy) == CURLE_OK, "upload");
    cJSON_Delete(read_answer(&a));
    curl_mime_free(form);
    curl_easy_cleanup(a.easy);
    free(a.data);
}

static void fetch_file(const char *path) {
    answer a = {0};
    FILE *file = fopen(path, "wb");
    check(file, path);
    set_up(&a);
    curl_easy_setopt(a.easy, CURLOPT_ACCEPT_ENCODING, NULL);
    curl_easy_setopt(a.easy, CURLOPT_WRITEFUNCTION, NULL);
    curl_easy_setopt(a.easy, CURLOPT_WRITEDATA, file);
    aim(&a, "/public/api/v1/records/r1/attachments/signedCopy", 0);
    check(curl_easy_perform(a.easy) == CURLE_OK, "download");
    check(fclose(file) == 0, path);
    curl_easy_cleanup(a.easy);
}

int main(int count, char **words) {
    check(count >= 6, "too few words");
    const char *work = words[1];
    long times = strtol(words[4], NULL, 10);
    site = words[2];
    authorities = words[3];
    version = strcmp(words[5], "2") == 0 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
    curl_global_init(CURL_GLOBAL_ALL);
    headers = curl_slist_append(headers, TOKEN);
    headers = curl_slist_append(headers, "Accept: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (strcmp(work, "pages") == 0)
        get_pages(times);
    else if (strcmp(work, "many") == 0)
        get_many("/public/api/v1/workflows/w1", times, strtol(words[6], NULL, 10));
    else if (strcmp(work, "slow") == 0)
        get_many("/public/api/v1/workflows/slow", times, strtol(words[6], NULL, 10));
    else if (strcmp(work, "up") == 0)
        send_file(words[4]);
    else if (strcmp(work, "down") == 0)
        fetch_file(words[4]);
    else
        get_in_turn(times);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return 0;
}
