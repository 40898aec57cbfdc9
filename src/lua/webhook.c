#include "lua/webhook.h"
#include "core/base/buf.h"
#include "core/events/public_key.h"
#include "core/events/verify.h"
#include "lua/metatable.h"
#include <stdio.h>

#define KEY_TYPE  "ironclad.webhook_key"
#define TEXT_TYPE "ironclad.webhook_text"

typedef struct webhook_key {
    EVP_PKEY *key;
} webhook_key;

static int webhook_key_gc(lua_State *L) {
    webhook_key *mine = lua_touserdata(L, 1);
    EVP_PKEY_free(mine->key);
    mine->key = NULL;
    return 0;
}

static int webhook_text_gc(lua_State *L) {
    ic_buf_free(lua_touserdata(L, 1));
    return 0;
}

/* Pushes nil, the message and the kind, and frees the error. */
static void webhook_push_failure(lua_State *L, ic_error *error) {
    char message[256]; /* copied, because all of the core's memory must be freed before Lua throws */
    snprintf(message, sizeof message, "%s", ic_error_message(error));
    const char *kind = ic_error_kind_name(error->kind);
    ic_error_clear(error);
    lua_pushnil(L);
    lua_pushstring(L, message);
    lua_pushstring(L, kind);
}

/* webhook_key(pem) -> a key; or nil, what is wrong, and the kind of error. */
static int webhook_read_key(lua_State *L) {
    size_t length;
    const char *pem = luaL_checklstring(L, 1, &length);
    webhook_key *mine = lua_newuserdata(L, sizeof *mine);
    mine->key = NULL;
    luaL_getmetatable(L, KEY_TYPE);
    lua_setmetatable(L, -2);
    ic_error error = {0};
    mine->key = ic_public_key_read(pem, length, &error);
    if (mine->key) return 1;
    webhook_push_failure(L, &error);
    return 3;
}

static ic_bytes webhook_check_bytes(lua_State *L, int index) {
    ic_bytes bytes;
    bytes.at = luaL_checklstring(L, index, &bytes.length);
    return bytes;
}

/* webhook_verify(key, id, header, body) -> the text that was signed as the body: the body itself, or its
 * re-serialised form; or nil, what is wrong, the kind of error, and the step that failed. */
static int webhook_verify(lua_State *L) {
    const webhook_key *mine = luaL_checkudata(L, 1, KEY_TYPE);
    ic_bytes id = webhook_check_bytes(L, 2), header = webhook_check_bytes(L, 3),
             body = webhook_check_bytes(L, 4);
    ic_buf *text = lua_newuserdata(L, sizeof *text);
    *text = (ic_buf){0};
    luaL_getmetatable(L, TEXT_TYPE);
    lua_setmetatable(L, -2);
    ic_error error = {0};
    ic_event_step step;
    if (!ic_event_verify(mine->key, id, header, body, text, &step, &error)) {
        webhook_push_failure(L, &error);
        lua_pushstring(L, ic_event_step_name(step));
        return 4;
    }
    if (!text->length) {
        lua_pushvalue(L, 4);
        return 1;
    }
    lua_pushlstring(L, text->data, text->length);
    ic_buf_free(text);
    return 1;
}

/* webhook_verify_request(key, header, before, body, after) -> true when the header's signature is that of the
 * three texts; or nil, what is wrong, the kind of error, and the step that failed. */
static int webhook_verify_request(lua_State *L) {
    const webhook_key *mine = luaL_checkudata(L, 1, KEY_TYPE);
    ic_bytes header = webhook_check_bytes(L, 2), parts[IC_SIGNED_PARTS];
    for (int i = 0; i < IC_SIGNED_PARTS; i++)
        parts[i] = webhook_check_bytes(L, 3 + i);
    ic_error error = {0};
    ic_event_step step;
    if (!ic_request_verify(mine->key, header, parts, &step, &error)) {
        webhook_push_failure(L, &error);
        lua_pushstring(L, ic_event_step_name(step));
        return 4;
    }
    lua_pushboolean(L, true);
    return 1;
}

void ic_lua_open_webhook(lua_State *L) {
    static const luaL_Reg key_metamethods[] = {{"__gc", webhook_key_gc}, {NULL, NULL}};
    static const luaL_Reg text_metamethods[] = {{"__gc", webhook_text_gc}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"webhook_key", webhook_read_key},
        {"webhook_verify", webhook_verify},
        {"webhook_verify_request", webhook_verify_request},
        {NULL, NULL},
    };
    ic_lua_make_type(L, KEY_TYPE, key_metamethods, NULL);
    ic_lua_make_type(L, TEXT_TYPE, text_metamethods, NULL);
    ic_lua_setfuncs(L, functions);
}
