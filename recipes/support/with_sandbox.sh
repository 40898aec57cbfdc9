#!/bin/sh
# Runs a command with a new sandbox, which ends when the command ends:
#
#   recipes/support/with_sandbox.sh lua5.4 recipes/launch_nda.lua
#
# The environment variables for a company name the sandbox instead: IRONCLAD_INSTANCE, …_CLIENT_ID, …_CLIENT_SECRET,
# …_AS_USER and …_CA_FILE, and IRONCLAD_CLICKWRAP_… for its Clickwrap. The caller's values are not used, nor are those
# for the company's tokens, webhooks, terms and Redis.
# `ironclad-sandbox` must be on PATH. The exit status is that of the command. SIGINT, SIGTERM and SIGHUP end both and
# leave no files.
set -u
unset IRONCLAD_CLIENT_CERT IRONCLAD_CLIENT_KEY IRONCLAD_CLIENT_KEY_PASSWORD
unset IRONCLAD_INSTANCE IRONCLAD_CLIENT_ID IRONCLAD_CLIENT_SECRET IRONCLAD_AS_USER IRONCLAD_CA_FILE IRONCLAD_CONFIG
unset IRONCLAD_CLICKWRAP_SITE IRONCLAD_CLICKWRAP_TOKEN IRONCLAD_CLICKWRAP_ENVIRONMENT
unset IRONCLAD_CLICKWRAP_ACTIVITY_HOST IRONCLAD_CLICKWRAP_REST_HOST
unset IRONCLAD_TOKEN IRONCLAD_REFRESH_TOKEN IRONCLAD_SCOPES IRONCLAD_STORE IRONCLAD_REDIRECT_URI
unset IRONCLAD_WEBHOOK_URL IRONCLAD_TERMS_GROUP IRONCLAD_TERMS_WEBHOOK_TOKEN REDIS_URL
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1

sandbox='' command='' folder=''
# shellcheck disable=SC2329
finish() {
    trap '' INT TERM HUP
    [ -z "$command" ] || kill "$command" 2>/dev/null
    [ -z "$command" ] || wait "$command"
    [ -z "$sandbox" ] || kill "$sandbox" 2>/dev/null
    [ -z "$sandbox" ] || wait "$sandbox"
    [ -z "$folder" ] || rm -rf "$folder"
}
# A signal that comes while a process is started waits until the process is known, because the process would not be
# ended otherwise.
starting='' signalled=''
# shellcheck disable=SC2329
stop() { # the exit status
    signalled=$1
    [ -z "$starting" ] || return 0
    finish
    exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM HUP
started() {
    starting=''
    [ -z "$signalled" ] || stop "$signalled"
}

# The sandbox writes its lines into a named pipe, which is removed as soon as both ends are open.
folder=$(mktemp -d) && mkfifo "$folder/lines" || exit 1
starting=yes
ironclad-sandbox >"$folder/lines" &
sandbox=$!
started
exec 3<"$folder/lines"
rm -rf "$folder"
folder=''

what='The sandbox: '
while read -r line <&3; do
    case $line in
        'export IRONCLAD_'* | 'unset IRONCLAD_'*) eval "$line" ;;
        *) printf '%s%s\n' "$what" "$line" ;;
    esac
    what=''
    case $line in *IRONCLAD_CA_FILE*) break ;; esac
done
if [ -z "${IRONCLAD_INSTANCE:-}" ]; then
    echo "with_sandbox.sh: the sandbox did not start" >&2
    finish
    exit 1
fi

starting=yes
"$@" 3<&- &
command=$!
started
wait "$command"
status=$?
command=''
finish
exit $status
