#include "lua/terminal.h"
#include "core/auth/private_file.h"
#include "core/base/platform.h"
#include "lua/compat.h"
#include "lua/metatable.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define HIDDEN_MAX  4096 /* bytes of a hidden line */
#define LOCK_TYPE   "ironclad.terminal.lock"
#define LOCK_TRIES  500
#define LOCK_PAUSE  20000 /* microseconds */
#define INTERRUPT   3     /* Ctrl-C, and so on */
#define END_OF_FILE 4
#define BACKSPACE   8
#define ERASE_LINE  21
#define DELETE      127

/* The last of terminal_signals that arrived, and the child that they are passed on to. */
static volatile sig_atomic_t terminal_signal, terminal_child;

static const int terminal_signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
#define SIGNALS (sizeof terminal_signals / sizeof *terminal_signals)

static int terminal_fail(lua_State *L, const char *message) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* is_terminal(descriptor) -> boolean */
static int terminal_is_terminal(lua_State *L) {
    lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
    return 1;
}

/* columns(descriptor) -> the width of the terminal; nil when it is not one, or when its width is unknown. */
static int terminal_columns(lua_State *L) {
    struct winsize size;
    if (ioctl((int)luaL_checkinteger(L, 1), TIOCGWINSZ, &size) || size.ws_col == 0) return 0;
    lua_pushinteger(L, size.ws_col);
    return 1;
}

/* ---- signals ---- */

static void terminal_catch(int number) {
    terminal_signal = number;
    /* The terminal sends SIGINT and SIGQUIT to the child itself. */
    if (terminal_child > 0 && number != SIGINT && number != SIGQUIT) kill((pid_t)terminal_child, number);
}

/* catch_signals(): from now on SIGINT, SIGQUIT, SIGTERM and SIGHUP are only remembered; the second one ends
 * the process. A signal that the parent process ignores stays ignored. SIGPIPE is ignored, so that a write to
 * a closed pipe fails. */
static int terminal_catch_signals(lua_State *L) {
    (void)L;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction action = {.sa_handler = terminal_catch, .sa_flags = (int)SA_RESETHAND}, old;
        sigemptyset(&action.sa_mask);
        if (sigaction(terminal_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(terminal_signals[i], &action, NULL);
    }
    return 0;
}

/* caught() -> the number of the signal that arrived; nil when none has. */
static int terminal_caught(lua_State *L) {
    if (!terminal_signal) return 0;
    lua_pushinteger(L, terminal_signal);
    return 1;
}

/* ---- a line without echo ---- */

/* Reads a line into `line`. Returns its length, or -1 for Ctrl-C, a signal, an error, or the end before any
 * byte. */
static int terminal_read_line(int file, char *line) {
    int length = 0;
    unsigned char byte;
    while (read(file, &byte, 1) == 1) {
        if (byte == '\n' || byte == '\r') return length;
        if (byte == INTERRUPT || (byte == END_OF_FILE && length == 0)) return -1;
        if (byte == END_OF_FILE) return length;
        if (byte == ERASE_LINE)
            length = 0;
        else if ((byte == BACKSPACE || byte == DELETE) && length > 0)
            length--;
        else if (byte >= ' ' && byte != DELETE && length < HIDDEN_MAX)
            line[length++] = (char)byte;
    }
    return -1;
}

/* read_hidden(prompt) -> a line from the controlling terminal, typed without echo; nil and a message:
 * "cancelled", or why there is no terminal. */
static int terminal_read_hidden(lua_State *L) {
    size_t size;
    const char *prompt = luaL_checklstring(L, 1, &size);
    char line[HIDDEN_MAX];
    struct termios old, hidden;
    int file = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (file < 0 || tcgetattr(file, &old)) {
        int reason = errno;
        if (file >= 0) close(file);
        return terminal_fail(L, strerror(reason));
    }
    hidden = old;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
    hidden.c_cc[VMIN] = 1;
    hidden.c_cc[VTIME] = 0;
    /* TCSAFLUSH drops what was typed before the prompt. */
    bool ready = tcsetattr(file, TCSAFLUSH, &hidden) == 0 && write(file, prompt, size) == (ssize_t)size;
    int length = ready ? terminal_read_line(file, line) : -1;
    tcsetattr(file, TCSAFLUSH, &old);
    ssize_t written = write(file, "\n", 1);
    (void)written;
    close(file);
    if (length < 0) return terminal_fail(L, "cancelled");
    lua_pushlstring(L, line, (size_t)length);
    ic_wipe(line, sizeof line);
    return 1;
}

/* ---- a child process ---- */

/* The table of words at `index` as argv. Pushes it as a userdata with room for `more` words; the strings stay
 * owned by the table. */
static const char **terminal_push_words(lua_State *L, int index, size_t more) {
    size_t count = ic_lua_rawlen(L, index);
    const char **words = lua_newuserdata(L, (count + more + 1) * sizeof *words);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, index, (int)i + 1);
        words[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
        if (!words[i]) luaL_argerror(L, index, "a list of words expected");
    }
    words[count] = NULL;
    return words;
}

/* This process's environment, changed by the table at `index`: a "NAME=value" replaces a variable, and a NAME
 * removes it. Pushes it as a userdata. */
static char **terminal_push_environment(lua_State *L, int index) {
    char *const *others = ic_environment();
    size_t own = ic_lua_rawlen(L, index), count = own, kept = 0;
    for (size_t i = 0; others && others[i]; i++)
        kept++;
    const char **words = terminal_push_words(L, index, kept);
    for (size_t i = 0; i < kept; i++) {
        size_t name = strcspn(others[i], "=");
        bool changed = false;
        for (size_t j = 0; j < own && !changed; j++)
            changed = strcspn(words[j], "=") == name && strncmp(words[j], others[i], name) == 0;
        if (!changed) words[count++] = others[i];
    }
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        if (strchr(words[i], '=')) words[end++] = words[i];
    }
    words[end] = NULL;
    return (char **)words;
}

static int terminal_spawn(pid_t *child, char *const *words, char *const *environment) {
    posix_spawnattr_t attributes;
    int failed = posix_spawnattr_init(&attributes);
    if (failed) return failed;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE); /* the only one that this process ignores itself */
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    failed = posix_spawnp(child, words[0], NULL, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

/* Starts the child that signals are passed on to, and passes on one that has arrived already. */
static int terminal_start(pid_t *child, char *const *words, char *const *environment) {
    sigset_t signals, before;
    sigemptyset(&signals);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&signals, terminal_signals[i]);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    int failed = terminal_spawn(child, words, environment);
    if (!failed) {
        terminal_child = (sig_atomic_t)*child;
        if (terminal_signal) kill(*child, terminal_signal);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* run(words, environment) -> the exit status of a program, found through PATH and run without a shell, with
 * this process's standard streams; 128 and the number of the signal that ended it; nil and a message when it
 * cannot be started. `environment` is a list of "NAME=value" lines, set for the program only, and of names,
 * which it does not get. SIGTERM and SIGHUP are passed on to it after catch_signals. */
static int terminal_run(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    char **words = (char **)terminal_push_words(L, 1, 0);
    char **environment = terminal_push_environment(L, 2);
    if (!words[0]) return luaL_argerror(L, 1, "a list of words expected");
    pid_t child;
    int status = 0, reason = terminal_start(&child, words, environment);
    if (reason) return terminal_fail(L, strerror(reason));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    terminal_child = 0;
    lua_pushinteger(L, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    return 1;
}

/* ---- files ---- */

/* Where a private file is written: where a symbolic link leads, so that the link stays. NULL with errno for a
 * link that leads to no file. `resolved` has PATH_MAX bytes. */
static const char *terminal_follow_link(const char *path, char *resolved) {
    struct stat facts;
    if (realpath(path, resolved)) return resolved;
    int reason = errno;
    bool is_link = lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);
    errno = reason;
    return is_link ? NULL : path;
}

/* Waits a while for the lock of a private file. */
static bool terminal_await_lock(ic_private_file *file, ic_error *error) {
    int locked = ic_private_file_lock(file, error);
    for (int tries = 0; locked == 0 && tries < LOCK_TRIES && !terminal_signal; tries++) {
        usleep(LOCK_PAUSE);
        locked = ic_private_file_lock(file, error);
    }
    if (locked == 0)
        ic_error_set(error, IC_ERR_STORE, "another process is writing %s", file->paths[IC_PART_FILE]);
    return locked > 0;
}

static int terminal_fail_with(lua_State *L, ic_error *error) {
    char message[512];
    snprintf(message, sizeof message, "%s", ic_error_message(error));
    ic_error_clear(error);
    return terminal_fail(L, message);
}

/* lock_private(path) -> a lock between processes on a file that only this user can read, which ends with
 * lock:release() or with the process; nil and a message. The file need not exist. Missing folders are made
 * with mode 0700. */
static int terminal_lock_private(lua_State *L) {
    char resolved[PATH_MAX];
    const char *path = luaL_checkstring(L, 1), *target = terminal_follow_link(path, resolved);
    if (!target) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s is a symbolic link that cannot be followed: %s", path, strerror(errno));
        return 2;
    }
    ic_private_file *file = lua_newuserdata(L, sizeof *file);
    *file = (ic_private_file){.folder_descriptor = -1, .lock = -1, .temporary = -1};
    luaL_getmetatable(L, LOCK_TYPE);
    lua_setmetatable(L, -2);
    ic_error error = {0};
    if (ic_private_file_init(file, target, &error) && terminal_await_lock(file, &error)) return 1;
    ic_private_file_clear(file);
    return terminal_fail_with(L, &error);
}

static int terminal_lock_release(lua_State *L) {
    ic_private_file_clear(luaL_checkudata(L, 1, LOCK_TYPE));
    return 0;
}

/* lock:write(text) -> true, when the file holds the text, on the disk, with mode 0600; nil and a message. */
static int terminal_lock_write(lua_State *L) {
    size_t length;
    ic_private_file *file = luaL_checkudata(L, 1, LOCK_TYPE);
    const char *text = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, file->folder, 1, "released");
    ic_error error = {0};
    if (!ic_private_file_write(file, text, length, &error)) return terminal_fail_with(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* make_folder(path) -> true when the folder exists; nil and a message. It makes one folder, not those above
 * it. */
static int terminal_make_folder(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct stat facts;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))) {
        lua_pushboolean(L, 1);
        return 1;
    }
    return terminal_fail(L, strerror(errno));
}

void ic_lua_open_terminal(lua_State *L) {
    static const luaL_Reg lock_metamethods[] = {{"__gc", terminal_lock_release}, {NULL, NULL}},
                          lock[] = {{"write", terminal_lock_write},
                                    {"release", terminal_lock_release},
                                    {NULL, NULL}},
                          functions[] = {{"is_terminal", terminal_is_terminal},
                                         {"columns", terminal_columns},
                                         {"catch_signals", terminal_catch_signals},
                                         {"caught", terminal_caught},
                                         {"read_hidden", terminal_read_hidden},
                                         {"run", terminal_run},
                                         {"lock_private", terminal_lock_private},
                                         {"make_folder", terminal_make_folder},
                                         {NULL, NULL}};
    ic_lua_make_type(L, LOCK_TYPE, lock_metamethods, lock);
    lua_newtable(L);
    ic_lua_setfuncs(L, functions);
    lua_setfield(L, -2, "terminal");
}
