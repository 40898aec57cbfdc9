#include "lua/command.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "lua/metatable.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TYPE       "ironclad.command"
#define OUTPUT_MAX 65536 /* bytes */
/* Milliseconds between two checks whether the child has ended: while it may still print, and after that. */
#define CHECK_PRINTING 50
#define CHECK_ENDING   5
/* How long a child may take to restore the terminal before it is killed, in checks of CHECK_ENDING. */
#define LAST_CHECKS 40

typedef enum state {
    NONE, /* not started, or closed */
    RUNNING,
    ENDED, /* `status` holds waitpid's answer */
    LOST   /* the exit status is not available: other code in this process has collected it */
} state;

typedef struct command {
    state state;
    pid_t child;
    int pipe; /* reads the child's output; -1: closed */
    int status;
    double seconds, ends; /* the time limit, and when it is reached (ic_now) */
    char program[128];    /* the first word, for messages */
    size_t length;        /* of the output; OUTPUT_MAX + 1: there is more */
    char output[OUTPUT_MAX + 1];
} command;

/* Pushes nil and a message, which never holds any of the output. */
__attribute__((format(printf, 3, 4))) static int command_failed(lua_State *L, const command *mine,
                                                                const char *format, ...) {
    char what[160];
    va_list values;
    va_start(values, format);
    vsnprintf(what, sizeof what, format, values);
    va_end(values);
    lua_pushnil(L);
    lua_pushfstring(L, "%s %s", mine->program, what);
    return 2;
}

/* Starts the program with empty standard input, standard output into the pipe, standard error inherited, and
 * default signal handling. The child stays in this process group, so that it can ask for a passphrase on the
 * terminal and Ctrl-C reaches it. Returns 0 or an error number. */
static int command_spawn(command *mine, char *const *words, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed) return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed) {
        posix_spawn_file_actions_destroy(&actions);
        return failed;
    }
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE); /* host programs often ignore it */
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    failed = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!failed) failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!failed)
        failed = posix_spawnp(&mine->child, words[0], &actions, &attributes, words, ic_environment());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* Starts the child. Returns 0 or an error number. Other programs that this process starts inherit neither end
 * of the pipe. */
static int command_run(command *mine, char *const *words) {
    int ends[2];
    if (ic_open_pipe(ends, false)) return errno;
    mine->pipe = ends[0];
    int failed = fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? errno : command_spawn(mine, words, ends[1]);
    close(ends[1]);
    if (failed) return failed;
    mine->state = RUNNING;
    mine->ends = ic_now() + mine->seconds;
    return 0;
}

/* The list of words at index 2 as argv, which is pushed as a userdata. The words stay owned by the table. */
static char **command_check_words(lua_State *L) {
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t count = ic_lua_rawlen(L, 2), length;
    luaL_argcheck(L, count > 0, 2, "a list of words expected");
    const char **words = lua_newuserdata(L, (count + 1) * sizeof *words);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 2, (int)i + 1);
        if (lua_type(L, -1) != LUA_TSTRING) luaL_argerror(L, 2, "a list of words expected");
        words[i] = lua_tolstring(L, -1, &length);
        if (strlen(words[i]) != length) luaL_argerror(L, 2, "a word holds NUL");
        lua_pop(L, 1);
    }
    words[count] = NULL;
    return (char **)words;
}

/* command(seconds) -> a handle for a program that may run for `seconds`. It does not start one: a script that
 * a signal interrupts must already have the handle by which it ends the program. */
static int command_new(lua_State *L) {
    double seconds = luaL_checknumber(L, 1);
    command *mine = lua_newuserdata(L, sizeof *mine);
    mine->state = NONE;
    mine->pipe = -1;
    mine->length = 0;
    mine->seconds = seconds;
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    return 1;
}

/* command:start(words) -> true; nil and a message when the program cannot be started. It is found through
 * PATH and run without a shell. */
static int command_start(lua_State *L) {
    command *mine = luaL_checkudata(L, 1, TYPE);
    luaL_argcheck(L, mine->state == NONE, 1, "started already");
    char *const *words = command_check_words(L);
    snprintf(mine->program, sizeof mine->program, "%s", words[0]);
    struct sigaction children;
    if (sigaction(SIGCHLD, NULL, &children) == 0 &&
        (children.sa_handler == SIG_IGN || (children.sa_flags & SA_NOCLDWAIT)))
        return command_failed(L, mine,
                              "cannot be run: this process ignores SIGCHLD, so that no exit status is kept");
    int reason = command_run(mine, words);
    if (reason) return command_failed(L, mine, "cannot be run: %s", strerror(reason));
    lua_pushboolean(L, 1);
    return 1;
}

/* Whether the child has ended. */
static bool command_check(command *mine) {
    if (mine->state != RUNNING) return true;
    pid_t found = waitpid(mine->child, &mine->status, WNOHANG);
    if (found == mine->child)
        mine->state = ENDED;
    else if (found < 0 && errno != EINTR)
        mine->state = LOST;
    return mine->state != RUNNING;
}

/* Reads the output that is available and closes the pipe at its end. */
static void command_drain(command *mine) {
    while (mine->pipe >= 0) {
        size_t capacity = sizeof mine->output - mine->length;
        ssize_t count = capacity ? read(mine->pipe, mine->output + mine->length, capacity) : 0;
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count > 0) {
            mine->length += (size_t)count;
        } else {
            close(mine->pipe);
            mine->pipe = -1;
        }
    }
}

/* Waits a moment, or until a signal arrives. Returns whether there is nothing more to wait for. */
static bool command_step(command *mine) {
    struct pollfd readable = {.fd = mine->pipe, .events = POLLIN};
    if (mine->pipe >= 0)
        poll(&readable, 1, CHECK_PRINTING);
    else
        poll(NULL, 0, CHECK_ENDING);
    /* Check first, then read: then everything that the child printed is read. The end of the pipe says
     * nothing, because a process that the child started may keep it open for ever. */
    bool ended = command_check(mine);
    command_drain(mine);
    return ended || mine->length > OUTPUT_MAX || ic_now() >= mine->ends;
}

static int command_result(lua_State *L, const command *mine) {
    if (mine->length > OUTPUT_MAX)
        return command_failed(L, mine, "printed more than %d KiB", OUTPUT_MAX / 1024);
    if (mine->state == RUNNING)
        return command_failed(L, mine, "did not end within %d seconds", (int)ceil(mine->seconds));
    if (mine->state == LOST)
        return command_failed(L, mine, "ended, but another part of this process took its exit status");
    if (WIFSIGNALED(mine->status))
        return command_failed(L, mine, "was ended by signal %d", WTERMSIG(mine->status));
    if (WEXITSTATUS(mine->status) != 0)
        return command_failed(L, mine, "ended with status %d", WEXITSTATUS(mine->status));
    lua_pushlstring(L, mine->output, mine->length);
    return 1;
}

/* command:wait() -> false: call again; true and the output; or true, nil and a message. It returns false
 * after a moment or at a signal, so that the signal's handler in Lua can run. */
static int command_wait(lua_State *L) {
    command *mine = luaL_checkudata(L, 1, TYPE);
    luaL_argcheck(L, mine->state != NONE, 1, "not started, or closed");
    bool done = command_step(mine);
    lua_pushboolean(L, done);
    return done ? 1 + command_result(L, mine) : 1;
}

static void command_kill(command *mine) {
    kill(mine->child, SIGTERM);
    for (int checks = 0; checks < LAST_CHECKS; checks++) {
        if (command_check(mine)) return;
        poll(NULL, 0, CHECK_ENDING);
    }
    kill(mine->child, SIGKILL);
    while (waitpid(mine->child, &mine->status, 0) < 0 && errno == EINTR) {
    }
}

/* In a forked process that has a copy of the handle, the program is not its child: waitpid fails, the
 * state becomes LOST, and the program is not killed. */
static void command_end(command *mine) {
    if (!command_check(mine)) command_kill(mine);
    mine->state = NONE;
    if (mine->pipe >= 0) close(mine->pipe);
    mine->pipe = -1;
    ic_wipe(mine->output, sizeof mine->output);
    mine->length = 0;
}

/* command:close(): ends the program if it still runs, and overwrites its output. May be called again. */
static int command_close(lua_State *L) {
    command_end(luaL_checkudata(L, 1, TYPE));
    return 0;
}

void ic_lua_open_command(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", command_close}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"start", command_start}, {"wait", command_wait}, {"close", command_close}, {NULL, NULL}};
    ic_lua_make_type(L, TYPE, metamethods, methods);
    lua_pushcfunction(L, command_new);
    lua_setfield(L, -2, "command");
}
