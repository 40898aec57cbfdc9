# The suite `install` of spec/run, which sources this: what make does on a machine that is not the developer's.
# Installs the build of 5.4 into $TMPDIR, and begins others there without compiling them.

installs() {
    # The prefix is relative, with a space and a letter beyond ASCII.
    prefix="$(realpath --relative-to=. "$TMPDIR")/a b/ä" log=$TMPDIR/log
    check "make install does not depend on the shell's LUA_PATH, and tells what it must be" installed
    check "the module and the commands are then found from any folder" installed_is_found
    check "everybody may read what is installed, whatever the umask" readable
    check "installing again makes new files: a process keeps those that it has loaded" installed_anew
    check "make uninstall-sandbox leaves the rest" rest_is_left
    check "make uninstall leaves no file" nothing_is_left
    check "make uninstall leaves the commands of another Lua, which was installed later" later_commands_are_left
    check "make uninstall leaves the files of others" others_are_left
    check "the types for editors are installed and removed" types_come_and_go
    check "sources in a folder with spaces are found, also by a BUILD elsewhere" odd_folders
    check "an interpreter of another Lua is refused" other_lua_is_refused
    check "the bytecode follows the interpreter" bytecode_follows
    check "everything that is missing is named at once" missing_is_named
    check "a compiler with newer warnings still installs it" warnings_are_allowed
    check "what is left out without a library is told, unless it was chosen" left_out_is_told
}

make_here() { make -s "$@" PREFIX="$prefix" >"$log" 2>&1 || { cat "$log"; return 1; }; }
installed() {
    (
        umask 077
        export LUA_PATH_5_4='/nowhere/?.lua' LUA_CPATH_5_4='/nowhere/?.so' LUA_INIT_5_4='error "the profile"'
        make_here install LUA_INIT_5_4=
    )
    [ -s "$prefix/share/man/man1/ironclad-workflows.1" ] && grep -q '^  export LUA_CPATH_5_4=' "$log"
}
installed_is_found() {
    (
        unset "${!LUA_@}"
        local absolute
        absolute=$(realpath "$prefix")
        eval "$(sed -n "s|^  export|export|; s|$prefix|$absolute|gp" "$log")"
        cd / && lua5.4 -e 'assert(require "ironclad.core".compiled); assert(require("ironclad.sandbox").start { port = 0 }):stop()
            assert(package.searchpath("ironclad.core", package.cpath):find("/a b/ä/", 1, true))' &&
            "$absolute/bin/ironclad" --help | grep -q . && "$absolute/bin/ironclad-sandbox" --help | grep -q .
    )
}
readable() {
    [ "$(find "$prefix" -type f | wc -l)" -gt 150 ] && [ -z "$(find "$prefix" -name '*.so' ! -perm 755)" ] &&
        [ -z "$(find "$prefix" -path '*/bin/*' ! -perm 755)" ] && [ -z "$(find "$prefix" -type d ! -perm 755)" ] &&
        [ -z "$(find "$prefix" -type f ! -name '*.so' ! -path '*/bin/*' ! -perm 644)" ]
}
inodes() { find "$prefix" -type f -exec ls -i {} + | sort; }
installed_anew() {
    local before after
    before=$(inodes)
    find "$prefix" -type f -exec chmod a-w {} +
    # The number of a file that is still open is not given to another.
    make_here install 9<"$prefix/lib/lua/5.4/ironclad/binding.so" && after=$(inodes) || return
    [ "$(wc -l <<<"$before")" = "$(wc -l <<<"$after")" ] && readable &&
        ! comm -12 <(echo "$before") <(echo "$after") | grep binding.so
}
rest_is_left() {
    make_here uninstall-sandbox && [ -s "$prefix/lib/lua/5.4/ironclad/core.so" ] && [ -s "$prefix/bin/ironclad" ] &&
        [ ! -e "$prefix/lib/lua/5.4/ironclad/sandbox" ] && ! find "$prefix" -name '*sandbox*' -path '*/bin/*' | grep .
}
nothing_is_left() {
    make_here uninstall && ! find "$prefix" -type f -o -name 'ironclad*' | grep . && make_here uninstall &&
        [ ! -s "$log" ]
}
later_commands_are_left() {
    make_here install && sed -i '1s/lua5.4/lua5.3/' "$prefix"/bin/* && make_here uninstall &&
        [ "$(find "$prefix" -path '*/bin/*' | wc -l)" = 2 ] && [ -s "$prefix/share/man/man1/ironclad.1" ] &&
        ! find "$prefix" -path '*/lua/*' -type f | grep . && sed -i '1s/lua5.3/lua5.4/' "$prefix"/bin/* &&
        nothing_is_left
}
others_are_left() {
    make_here install && touch "$prefix/share/lua/5.4/ironclad/own.lua" "$prefix/share/man/man1/ironcladx.1" &&
        make_here uninstall && [ "$(find "$prefix" -type f | sort | xargs -d '\n' -n 1 basename | xargs)" = \
        "own.lua ironcladx.1" ]
}
types_come_and_go() {
    local files='config.json library/ironclad.lua library/ironclad/sandbox.lua' target
    for target in install uninstall; do
        make_here $target-product DESTDIR="$TMPDIR/package" INST_TYPEDIR=/types INST_MANDIR= || return
        (cd "$TMPDIR/package/types" && [ "$(find . -type f | sort | xargs)" = "$([ $target = uninstall ] ||
            printf './%s ' $files | xargs -n 1 | sort | xargs)" ]) || return
    done
}
odd_folders() {
    mkdir "$TMPDIR/a b/of sources"
    tar -c --exclude=./build --exclude=./.git . | tar -x -C "$TMPDIR/a b/of sources"
    (
        cd "$TMPDIR/a b/of sources" && chmod -R a-w src && make -s build/5.4/ironclad/words.lua &&
            [ -s build/5.4/ironclad/words.lua ] && make -s BUILD="$TMPDIR/build" "$TMPDIR/build/5.4/ironclad/words.lua" &&
            [ -s "$TMPDIR/build/5.4/ironclad/words.lua" ] && eval "$(make -s BUILD="$TMPDIR/build" env)" && cd / &&
            lua5.4 -e 'assert(package.searchpath("ironclad.words", package.path))'
    )
    local status=$?
    chmod -R u+w "$TMPDIR/a b"
    return $status
}
other_lua_is_refused() { # LuaRocks gives one
    ! make -s sandbox LUA_PROGRAM=lua5.1 >"$log" 2>&1 && grep -q '"lua5.1" is not Lua 5.4' "$log" &&
        ! make -s product LUA_PROGRAM=none >"$log" 2>&1 && grep -q '"none" is not Lua 5.4' "$log"
}
bytecode_follows() {
    local chunks=$TMPDIR/chunks/5.4/chunks.c before
    make -s BUILD="$TMPDIR/chunks" LUA_PROGRAM=none "$chunks" && ! grep -q chunk_1 "$chunks" &&
        make -s BUILD="$TMPDIR/chunks" "$chunks" && grep -q chunk_1 "$chunks" && before=$(stat -c %y "$chunks") &&
        make -s BUILD="$TMPDIR/chunks" "$chunks" && [ "$before" = "$(stat -c %y "$chunks")" ]
}
missing_is_named() {
    mkdir "$TMPDIR/fence" "$TMPDIR/fence/curl" "$TMPDIR/fence/openssl"
    echo '#error' | tee "$TMPDIR"/fence/{curl/curl.h,openssl/evp.h,lauxlib.h,xlsxwriter.h} >/dev/null
    make -s -k -j2 BUILD="$TMPDIR/none" CFLAGS="-I$TMPDIR/fence" PKG_CONFIG=none all >"$log" 2>&1 && return 1
    grep -q '^ironclad: not found: curl/curl.h (Debian: libcurl4-openssl-dev) openssl/evp.h.*lauxlib.h' "$log" &&
        [ "$(grep -c '^ironclad: not found' "$log")" = 1 ] && grep -q '^ironclad: nor none' "$log" &&
        ! grep -q 'error:' "$log" && ! make -s BUILD="$TMPDIR/none" CC=none product >"$log" 2>&1 &&
        grep -q 'none.* not found' "$log" && ! grep -q '^ironclad: not found' "$log"
}
warnings_are_allowed() {
    [ "$(make -n BUILD="$TMPDIR/none" install | grep -c -e '-Wextra')" -gt 100 ] &&
        ! make -n BUILD="$TMPDIR/none" install | grep -q -e -Werror && make -n BUILD="$TMPDIR/none" test-build | grep -q -e -Werror
}
left_out_is_told() {
    make -s optional-note LISTENER=no REDIS=no >"$log" 2>&1 && [ ! -s "$log" ] && mkdir "$TMPDIR/fence/hiredis" &&
        echo '#error' | tee "$TMPDIR"/fence/{hiredis/async.h,microhttpd.h} >/dev/null &&
        make -s optional-note CFLAGS="-I$TMPDIR/fence" >"$log" 2>&1 &&
        [ "$(grep -cE 'ironclad: (libmicrohttpd|hiredis) is not found: built without [a-z]' "$log")" = 2 ]
}
