/* The errors about values that JSON cannot hold. Each names the place of the value: "attributes.lines[3]". */
#include "core/json/json_tape.h"
#include "lua/json_encoder.h"
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct path {
    char text[256];
    size_t length;
    bool cut;
} path;

__attribute__((format(printf, 2, 3))) static void refuse_path_add(path *p, const char *format, ...) {
    static const char ellipsis[] = "…";
    if (p->cut) return;
    size_t room = sizeof p->text - p->length - sizeof ellipsis;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(p->text + p->length, room, format, values);
    va_end(values);
    p->cut = length < 0 || (size_t)length >= room;
    if (p->cut)
        memcpy(p->text + p->length, ellipsis, sizeof ellipsis);
    else
        p->length += (size_t)length;
}

static void refuse_path_add_name(path *p, const char *name) {
    size_t word = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    if (word && !name[word] && (*name < '0' || *name > '9'))
        refuse_path_add(p, p->length ? ".%s" : "%s", name);
    else
        refuse_path_add(p, "[\"%s\"]", name);
}

static void refuse_path_of(path *p, const ic_json_encoder *e, const ic_json_level *in) {
    if (!in) {
        refuse_path_add(p, "%s", e->rules->root ? e->rules->root : "");
        return;
    }
    refuse_path_of(p, e, in->up);
    if (in->index)
        refuse_path_add(p, "[%zu]", in->index);
    else
        refuse_path_add_name(p, lua_tostring(e->L, in->table + 1));
}

const ic_json_level *ic_encoder_find_cycle(const ic_json_encoder *e, const ic_json_level *in) {
    const void *tables[IC_JSON_MAX_DEPTH + 2];
    const ic_json_level *found = NULL;
    for (const ic_json_level *at = in; at; at = at->up)
        tables[at->depth] = lua_topointer(e->L, at->table);
    for (const ic_json_level *at = in; at; at = at->up)
        for (size_t depth = 1; depth < at->depth; depth++)
            if (tables[depth] == tables[at->depth]) found = at;
    return found;
}

void ic_encoder_refuse(ic_json_encoder *e, const ic_json_level *in, const char *format, ...) {
    path p = {0};
    const ic_json_level *cycle = ic_encoder_find_cycle(e, in);
    if (cycle) {
        in = cycle->up;
        format = "the table contains itself";
    }
    refuse_path_of(&p, e, in);
    for (char *c = p.text; *c; c++)
        if ((unsigned char)*c < ' ') *c = '?';
    char reason[160];
    va_list values;
    va_start(values, format);
    vsnprintf(reason, sizeof reason, format, values);
    va_end(values);
    ic_lua_clear_json_box(e->box);
    luaL_error(e->L, "%s: %s", *p.text ? p.text : "value", reason);
    abort(); /* luaL_error does not return */
}

void ic_encoder_refuse_key(ic_json_encoder *e, const ic_json_level *at, bool list, bool marked) {
    static const char neither[] = "neither a list nor an object";
    lua_State *L = e->L;
    int type = lua_type(L, -2);
    if (type == LUA_TSTRING && marked)
        ic_encoder_refuse(e, at->up, "marked as an array, but it has names as keys");
    if (type == LUA_TNUMBER && list)
        ic_encoder_refuse(e, at->up, "%s: %.14g is a key", neither, lua_tonumber(L, -2));
    if (type != LUA_TNUMBER && type != LUA_TSTRING)
        ic_encoder_refuse(e, at->up, "%s: a %s is a key", neither, lua_typename(L, type));
    ic_encoder_refuse(e, at->up, "%s: it has names and numbers as keys", neither);
}
