# shellcheck shell=bash
# What the development scripts share. Sourced, never run.

set -euo pipefail

# Exit codes as in sysexits.h, like those of the services.
EX_USAGE=64 EX_UNAVAILABLE=69 EX_NOPERM=77 EX_CONFIG=78
export EX_USAGE EX_UNAVAILABLE EX_NOPERM EX_CONFIG

# PostgreSQL's oldest release that Siyu supports; Migrator.serverVersionMin says the same.
PG_MAJOR_MIN=15

say() { printf '%s\n' "$*" >&2; }

# die CODE SENTENCE: one sentence for the person at the terminal, and out.
die() {
    local code=$1
    shift
    say "$*"
    exit "$code"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export root

is_root() { [ "$(id -u)" = 0 ]; }

# The account that the private PostgreSQL runs as: it refuses to run as root.
db_user() { if is_root; then echo postgres; else id -un; fi; }

# Runs a command as that account, in a folder that it can enter.
as_db_user() {
    if is_root; then
        (cd / && exec runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

# Where databases, keys and logs are kept: .siyu in the clone; a folder of /var/tmp where the database's account cannot
# enter the clone (a root's clone under /root) or the socket's path would grow over the 107 bytes that a socket may have.
state_folder() {
    local name
    if [ ${#root} -le 60 ] && as_db_user test -x "$root" 2>/dev/null; then
        echo "$root/.siyu"
    else
        name=$(printf '%s' "$root" | sha256sum | cut -c1-12)
        echo "/var/tmp/siyu-$name"
    fi
}

# Makes that folder, readable by its owner alone: whoever can enter it can enter the databases.
# In /var/tmp anybody could have made it first, so an existing one must be ours.
make_state_folder() {
    local folder=$1 owner
    owner=$(db_user)
    if mkdir -m 700 "$folder" 2>/dev/null; then
        if is_root; then chown "$owner" "$folder"; fi
    fi
    [ ! -L "$folder" ] && [ "$(stat -c '%U %a' "$folder" 2>/dev/null)" = "$owner 700" ] ||
        die "$EX_NOPERM" "$folder must be a folder of $owner with mode 700: remove it and try again."
}

# The folder with initdb and pg_ctl of a release; without an argument, of the newest one that is installed.
pg_bin() {
    local wanted=${1:-} major bin
    # shellcheck disable=SC2012  # names of releases are plain numbers
    for major in $(ls /usr/lib/postgresql 2>/dev/null | sort -rn); do
        bin=/usr/lib/postgresql/$major/bin
        if [ "$major" -ge "$PG_MAJOR_MIN" ] && [ -x "$bin/initdb" ] && [ "${wanted:-$major}" = "$major" ]; then
            echo "$bin"
            return
        fi
    done
    bin=$(dirname "$(command -v initdb 2>/dev/null || echo /none/initdb)")
    [ -x "$bin/initdb" ] || return 1
    major=$("$bin/initdb" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
    [ "$major" -ge "$PG_MAJOR_MIN" ] && [ "${wanted:-$major}" = "$major" ] || return 1
    echo "$bin"
}

# wait_until_ready NAME PORT PID [LOG]: asks /readyz of a service until it says 200, for at most 30 seconds.
wait_until_ready() {
    local name=$1 port=$2 pid=$3 log=${4:-} answer code=0
    for _ in $(seq 300); do
        if ! kill -0 "$pid" 2>/dev/null; then
            wait "$pid" || code=$?
            die "$((code == 0 ? 1 : code))" "$name ended instead of serving.${log:+ Its last words: $(tail -n 1 "$log")}"
        fi
        answer=$(
            {
                exec 3<>"/dev/tcp/127.0.0.1/$port"
                printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
                head -n 1 <&3
            } 2>/dev/null
        ) || answer=
        case $answer in *' 200 '*) return ;; esac
        sleep 0.1
    done
    die "$EX_UNAVAILABLE" "$name is not ready after 30 seconds: ${answer:-no answer at port $port}.${log:+ Its log: $log}"
}
