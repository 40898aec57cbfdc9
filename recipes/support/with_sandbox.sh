#!/bin/sh
# Runs a command with a new sandbox, which ends when the command ends:
#
#   recipes/support/with_sandbox.sh lua5.4 recipes/launch_nda.lua
#
# The lines that `ironclad-sandbox` prints set the variables of the sandbox, and remove those of any other connection:
# its tokens, webhooks, terms and Redis. `ironclad-sandbox` must be on PATH. The exit status is that of the command.
# SIGINT, SIGTERM and SIGHUP end both and leave no files.
set -u
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
if ! folder=$(mktemp -d) || ! mkfifo "$folder/lines"; then
    finish
    exit 1
fi
starting=yes
ironclad-sandbox >"$folder/lines" &
sandbox=$!
started
exec 3<"$folder/lines"
rm -rf "$folder"
folder=''

what='The sandbox: ' complete=''
while [ -z "$complete" ] && read -r line <&3; do
    case $line in
        'export '*) eval "$line" ;;
        'unset '*) eval "$line" && complete=yes ;;
        *) printf '%s%s\n' "$what" "$line" ;;
    esac
    what=''
done
if [ -z "$complete" ]; then
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
