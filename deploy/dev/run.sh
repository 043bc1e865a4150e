#!/usr/bin/env bash
# The whole house on this machine: a private PostgreSQL (or DATABASE_URL), the services, the tour; stays until Ctrl-C.
# usage: run.sh [--once]    (--once: ends after the tour; exit 0 only if the tour held and every service drained cleanly)
. "$(dirname "$0")/lib.sh"

once=no
case "${1:-}" in
'') ;;
--once) once=yes ;;
*) die "$EX_USAGE" "usage: make run [ARGS=--once]" ;;
esac

here=$(cd "$(dirname "$0")" && pwd -P)
own_cluster=yes
if [ -n "${DATABASE_URL:-}" ]; then own_cluster=no; fi

# The sandbox first: the others call it.
services=(sandbox:8110 ingest:8101 redeem:8102 gifts:8103 reports:8104)
pids=()

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# What would fail after minutes of building fails now.
check_first() {
    local service port
    for service in "${services[@]}"; do
        port=${service#*:}
        for port in "$port" $((port + 1000)); do
            if listens "$port"; then
                die "$EX_UNAVAILABLE" "Port $port is taken (siyu-${service%:*} needs it): end what listens there and try again."
            fi
        done
    done
    if [ "$own_cluster" = yes ]; then
        "$here/prepare.sh"
    else
        "$here/prepare.sh" --without-server
        if command -v pg_isready >/dev/null && ! pg_isready -q -t 5 -d "$DATABASE_URL"; then
            die "$EX_UNAVAILABLE" "The database of DATABASE_URL does not answer: start it, or unset DATABASE_URL to use a private one."
        fi
    fi
}

# Asks every service to drain and waits; one that has not ended within the grace time is killed, and its code tells.
stop_services() {
    local pid code=0 one
    for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do
        for _ in $(seq 400); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
        one=0
        wait "$pid" || one=$?
        if [ "$one" != 0 ]; then
            say "A service (pid $pid) ended with exit code $one instead of 0; its log is in $state/logs."
            code=$one
        fi
    done
    pids=()
    return "$code"
}

leave() {
    local code=$?
    trap - EXIT INT TERM
    # Whatever went wrong has been said; how the services took it would only bury the sentence.
    if [ "$code" = 0 ]; then stop_services || code=1; else stop_services 2>/dev/null || true; fi
    if [ "$own_cluster" = yes ] && [ ! -e "$state/run.keep" ] && flock -n -x 9; then
        "$here/cluster.sh" stop run || true
    fi
    exit "$code"
}

# as ROLE: how a role connects; with DATABASE_URL set, everybody uses that.
as() {
    if [ "$own_cluster" = yes ]; then
        echo "host=$state/run user=siyu_$1 dbname=siyu"
    else
        echo "$DATABASE_URL"
    fi
}

start_services() {
    local service name i
    # Should this script be killed, the kernel asks the services to drain.
    local tied=(setpriv --pdeathsig TERM --)
    command -v setpriv >/dev/null || tied=()
    for service in "${services[@]}"; do
        name=${service%:*}
        # The sandbox has no database, and heeds none.
        DATABASE_URL=$(as "$name") "${tied[@]}" "$bin/siyu-$name" >"$state/logs/siyu-$name.log" 2>&1 9>&- &
        pids+=($!)
    done
    for i in "${!services[@]}"; do
        name=${services[$i]%:*}
        wait_until_ready "siyu-$name" "$((${services[$i]#*:} + 1000))" "${pids[$i]}" "$state/logs/siyu-$name.log"
    done
}

check_first
state=$(state_folder)
make_state_folder "$state"
exec 9>"$state/run.users"
flock -s 9
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd "$root"
say "Building (some minutes the first time)."
swift build 9>&-
bin=$(swift build --show-bin-path 9>&-)

if [ "$own_cluster" = yes ]; then "$here/cluster.sh" setup run >/dev/null; fi
mkdir -p "$state/logs"
export SIYU_ENV=development SIYU_KEYS=$state/keys
export SIYU_LOG_LEVEL=${SIYU_LOG_LEVEL:-info} SIYU_SANDBOX_STATE=$state/sandbox
if [ ! -e "$SIYU_KEYS/master.key" ]; then "$bin/siyu" keys create; fi
DATABASE_URL=$(as owner) "$bin/siyu" migrate
start_services

tour=0
DATABASE_URL=$(as operator) "$bin/siyu" tour --merchant "$SIYU_SANDBOX_STATE/merchant.json" || tour=$?

if [ "$once" = yes ]; then
    if [ "$tour" = 0 ]; then stop_services; fi
    exit "$tour"
fi

say ""
say "Board      http://127.0.0.1:8104/"
say "Imports    http://127.0.0.1:8101/v1/imports"
say "API        http://127.0.0.1:PORT/openapi.json   at 8101 (ingest), 8102 (redeem), 8103 (gifts), 8104 (reports)"
say "Health     http://127.0.0.1:PORT/readyz         at 9101 to 9104 and 9110   (/healthz, /metrics)"
say "Sandbox    http://127.0.0.1:8110/sandbox/book   what WeChat Pay would have in its books"
say "Database   psql '$(as operator)'"
say "Logs       $state/logs"
say "Ctrl-C ends it."
trap 'exit 0' INT
died=0
wait -n "${pids[@]}" 2>/dev/null || died=$?
say "A service ended by itself with exit code $died; its log is in $state/logs."
exit 1
