#!/bin/sh
# Runs a site with nginx until it is interrupted: recipes/nginx/run.sh [port] (8080) [site | terms | shared]. `make
# site`, `make gate` and `make site-shared` run it against a sandbox. `shared` also starts a Redis, unless REDIS_URL
# names one, and shared_cron.lua every five seconds. `terms` is the gate of terms.conf, for IRONCLAD_CLICKWRAP_TOKEN and
# the other variables there; its users are invented. Otherwise the site serves the company of IRONCLAD_INSTANCE,
# IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET, IRONCLAD_AS_USER (and IRONCLAD_CA_FILE): anyone who can reach the site
# acts in that company. The build for LuaJIT must be on Lua's paths. SIGINT and SIGTERM end it and leave no files.
set -u
port=${1:-8080}
site=${2:-site}
IRONCLAD_SITE=$(cd "$(dirname "$0")" && pwd)
export IRONCLAD_SITE PATH="$PATH:/usr/sbin:/usr/local/sbin"
case $port in
    '' | *[!0-9]*)
        echo "run.sh: expected the number of a port, got $port" >&2
        exit 2
        ;;
esac

case $site in
    site) configuration=nginx.conf again='make site' ;;
    terms) configuration=terms.conf again='make gate' ;;
    shared) configuration=shared.conf again='make site-shared' ;;
    *)
        echo "run.sh: expected site, terms or shared, got $site" >&2
        exit 2
        ;;
esac

folder='' nginx='' redis='' cron=''
# shellcheck disable=SC2329
finish() {
    trap '' INT TERM HUP
    for process in $cron $nginx $redis; do
        kill "$process" 2>/dev/null
        wait "$process"
    done
    [ -z "$folder" ] || rm -rf "$folder"
}
trap 'finish; exit 130' INT
trap 'finish; exit 143' TERM HUP
folder=$(mktemp -d) || exit 1

# Prints the company and the user, or the site and the users. Fails when the service cannot be reached.
LUA=${LUA:-luajit}
if ! "$LUA" - "$folder" "$site" <<'SCRIPT'
    local ironclad = require "ironclad"
    local folder, site = ...
    local client = site == "terms" and ironclad.clickwrap.from_env() or ironclad.from_env()
    local about, err = client:check()
    if not about then
      io.stderr:write(tostring(err), "\n")
      os.exit(1)
    end
    local function write(name, text)
      local file = assert(io.open(folder .. "/" .. name, "w"))
      assert(file:write(text))
      file:close()
    end
    if site == "terms" then
      print(("Clickwrap's site: %s (%s)"):format(tostring(about.site.name), about.site_access_id))
      print "Sign in as jane or joe, with the password terms."
      write("users", "jane:{PLAIN}terms\njoe:{PLAIN}terms\n")
      assert(os.execute(("mkdir '%s/html'"):format(folder)))
      write("html/index.html", "<!doctype html>\n<title>Inside</title>\n<h1>You have accepted the terms</h1>\n")
    else
      print(("The instance: %s, %s"):format(os.getenv "IRONCLAD_INSTANCE", about.company.companyDisplayName))
      print(("The user: %s <%s>"):format(about.user.displayName, about.user.email))
    end
    write("local.conf", ("lua_package_path %q;\nlua_package_cpath %q;\n"):format(package.path, package.cpath))
SCRIPT
then
    finish
    exit 1
fi
# A sandbox on this machine delivers events to the site itself. Ironclad needs a URL that it can reach, with https.
case ${IRONCLAD_INSTANCE-} in
    *://127.0.0.1* | *://localhost*)
        IRONCLAD_WEBHOOK_URL=${IRONCLAD_WEBHOOK_URL:-http://127.0.0.1:$port/events}
        export IRONCLAD_WEBHOOK_URL
        ;;
esac
# Starts a Redis, which is reached by a socket in the folder.
start_redis() {
    if ! command -v redis-server >/dev/null; then
        echo "run.sh: redis-server is not installed (Debian: redis-server); or name a Redis in REDIS_URL" >&2
        finish
        exit 1
    fi
    redis-server --port 0 --unixsocket "$folder/redis.sock" --dir "$folder" --appendonly yes --save '' \
        --logfile "$folder/redis.log" &
    redis=$!
    until [ -S "$folder/redis.sock" ]; do
        if ! kill -0 "$redis" 2>/dev/null; then
            redis=''
            echo "run.sh: redis-server did not start:" >&2
            cat "$folder/redis.log" >&2
            finish
            exit 1
        fi
        sleep 0.05
    done
    REDIS_URL="unix://$folder/redis.sock"
}
# Starts the script again and again, as cron would.
run_cron() {
    child=''
    trap 'kill $child 2>/dev/null; wait; exit' TERM
    trap '' INT
    while :; do
        "$LUA" "$IRONCLAD_SITE/shared_cron.lua" &
        child=$!
        wait $child
        sleep 5 &
        child=$!
        wait $child
    done
}
if [ "$site" = shared ]; then
    [ -n "${REDIS_URL:-}" ] || start_redis
    export REDIS_URL
    echo "The Redis: $REDIS_URL" | sed 's|//[^/@]*@|//…@|'
fi
sed "s/127\.0\.0\.1:8080/127.0.0.1:$port/" "$IRONCLAD_SITE/$configuration" >"$folder/nginx.conf"

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
        echo "run.sh: nginx did not start at 127.0.0.1:$port; for another port: $again PORT=8081" >&2
        exit 1
    fi
    sleep 0.05
done
echo "The site: http://127.0.0.1:$port/ (Ctrl-C ends it)"
if [ "$site" = shared ]; then
    echo "Four workers, and a script that is started every five seconds, share a token, limits and events."
    run_cron &
    cron=$!
fi
wait "$nginx"
status=$?
nginx=''
finish
exit $status
