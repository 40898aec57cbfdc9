/* Commands: their form in Redis's protocol, and doubly linked lists of them. */
#include "core/shared/command.h"
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void command_put_word(ic_buf *bytes, const char *word, size_t length) {
    ic_buf_printf(bytes, "$%zu\r\n", length);
    ic_buf_add(bytes, word, length);
    ic_buf_puts(bytes, "\r\n");
}

/* Appends "EVALSHA digest keys" or "EVAL text keys". */
static bool command_put_script(ic_buf *bytes, const ic_link_command *command) {
    char digest[IC_SHA1_HEX], keys[16];
    snprintf(keys, sizeof keys, "%zu", command->script.keys);
    if (command->whole_script) {
        command_put_word(bytes, "EVAL", 4);
        command_put_word(bytes, command->script.text, command->script.length);
    } else {
        if (!ic_script_digest(&command->script, digest)) return false;
        command_put_word(bytes, "EVALSHA", 7);
        command_put_word(bytes, digest, IC_SHA1_HEX - 1);
    }
    command_put_word(bytes, keys, strlen(keys));
    return true;
}

bool ic_command_is_sent(const ic_link_command *command) {
    return command->sent_at > 0;
}

bool ic_command_encode(const ic_link_command *command, ic_buf *bytes) {
    bool script = command->script.text != NULL;
    ic_buf_printf(bytes, "*%zu\r\n", command->words + (script ? 3 : 0));
    if (script && !command_put_script(bytes, command)) return false;
    ic_buf_add(bytes, command->bytes.data, command->bytes.length);
    return !bytes->failed;
}

ic_link_command *ic_command_new(const char *const *words, const size_t *lengths, size_t count) {
    ic_link_command *command = ic_calloc(1, sizeof *command);
    if (!command) return NULL;
    for (size_t i = 0; i < count; i++)
        command_put_word(&command->bytes, words[i], lengths ? lengths[i] : strlen(words[i]));
    if (command->bytes.failed) {
        ic_command_free(command);
        return NULL;
    }
    command->words = count;
    return command;
}

void ic_commands_append(ic_commands *list, ic_link_command *command) {
    command->list = list;
    command->previous = list->last;
    command->next = NULL;
    if (list->last)
        list->last->next = command;
    else
        list->first = command;
    list->last = command;
}

void ic_command_remove(ic_link_command *command) {
    ic_commands *list = command->list;
    if (!list) return;
    if (command->previous)
        command->previous->next = command->next;
    else
        list->first = command->next;
    if (command->next)
        command->next->previous = command->previous;
    else
        list->last = command->previous;
    command->list = NULL;
}

/* Its words may be secrets. */
void ic_command_free(ic_link_command *command) {
    ic_command_remove(command);
    if (command->bytes.data) ic_wipe(command->bytes.data, command->bytes.length);
    ic_buf_free(&command->bytes);
    ic_free(command);
}

void ic_commands_free(ic_commands *list) {
    while (list->first)
        ic_command_free(list->first);
}

bool ic_command_replace_by_placeholder(ic_link_command *command) {
    ic_link_command *late = ic_calloc(1, sizeof *late);
    ic_commands *list = command->list;
    if (!late) return false;
    *late = (ic_link_command){.list = list,
                              .previous = command->previous,
                              .next = command->next,
                              .sent_at = command->sent_at,
                              .until = INFINITY};
    *(late->previous ? &late->previous->next : &list->first) = late;
    *(late->next ? &late->next->previous : &list->last) = late;
    command->list = NULL;
    return true;
}
