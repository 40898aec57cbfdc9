#!/bin/sh
# Runs the site with nginx until it is interrupted: recipes/nginx/run.sh [port] (8080). `make site` runs it against a
# sandbox. Without that it serves the company of IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET,
# IRONCLAD_AS_USER (and IRONCLAD_CA_FILE): whoever reaches the site acts there. The build for LuaJIT must be on Lua's
# paths. SIGINT and SIGTERM end it and leave no files.
set -u
port=${1:-8080}
IRONCLAD_SITE=$(cd "$(dirname "$0")" && pwd)
export IRONCLAD_SITE PATH="$PATH:/usr/sbin:/usr/local/sbin"
case $port in
    '' | *[!0-9]*)
        echo "run.sh: expected the number of a port, got $port" >&2
        exit 2
        ;;
esac

folder='' nginx=''
# shellcheck disable=SC2329
finish() {
    trap '' INT TERM HUP
    [ -z "$nginx" ] || kill "$nginx" 2>/dev/null
    [ -z "$nginx" ] || wait "$nginx"
    [ -z "$folder" ] || rm -rf "$folder"
}
trap 'finish; exit 130' INT
trap 'finish; exit 143' TERM HUP
folder=$(mktemp -d) || exit 1

# Prints the company and the user. Fails when the company cannot be reached.
LUA=${LUA:-luajit}
if ! "$LUA" - "$folder" <<'SCRIPT'
    local ironclad = require "ironclad"
    local client, folder = ironclad.from_env(), ...
    local about, err = client:check()
    if not about then
      io.stderr:write(tostring(err), "\n")
      os.exit(1)
    end
    print(("The instance: %s, %s"):format(os.getenv "IRONCLAD_INSTANCE", about.company.companyDisplayName))
    print(("The user: %s <%s>"):format(about.user.displayName, about.user.email))
    local paths = assert(io.open(folder .. "/local.conf", "w"))
    paths:write(("lua_package_path %q;\nlua_package_cpath %q;\n"):format(package.path, package.cpath))
    paths:close()
SCRIPT
then
    finish
    exit 1
fi
sed "s/127\.0\.0\.1:8080/127.0.0.1:$port/" "$IRONCLAD_SITE/nginx.conf" >"$folder/nginx.conf"

# Started by root, nginx runs its workers as nobody, who may not be able to read this checkout.
user=''
[ "$(id -u)" != 0 ] || user='user root;'
nginx -p "$folder" -c nginx.conf -g "$user daemon off;" &
nginx=$!
# nginx writes this file when it has the port.
until [ -s "$folder/nginx.pid" ]; do
    if ! kill -0 "$nginx" 2>/dev/null; then
        nginx=''
        finish
        echo "run.sh: nginx did not start at 127.0.0.1:$port; for another port: make site PORT=8081" >&2
        exit 1
    fi
    sleep 0.05
done
echo "The site: http://127.0.0.1:$port/ (Ctrl-C ends it)"
wait "$nginx"
status=$?
nginx=''
finish
exit $status
