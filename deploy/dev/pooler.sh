#!/usr/bin/env bash
# PgBouncer in transaction mode in front of a private PostgreSQL, on a Unix socket beside it.
# usage: pooler.sh start NAME CONNECTION | stop NAME
#   start   prints how to reach it, as in `host=/folder port=6432`. CONNECTION: `host=/folder port=5432 user=postgres …`
# Eight sessions for each role and database, shared by all its clients, so that none can rely on meeting its own again. Fewer
# starve transactions that look something up on another connection while five of them wait for one lock.
. "$(dirname "$0")/lib.sh"

verb=${1:-} name=${2:-}
[[ $name =~ ^[a-z][a-z0-9-]{0,15}$ ]] || die "$EX_USAGE" "usage: pooler.sh start NAME CONNECTION | stop NAME"

state=$(state_folder)
folder=$state/$name-pooler
port=6432

running_pid() {
    local pid
    pid=$(as_db_user cat "$folder/pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && [ "$(as_db_user cat "/proc/$pid/comm" 2>/dev/null)" = pgbouncer ] || return 1
    echo "$pid"
}

stop() {
    local pid
    pid=$(running_pid) || return 0
    as_db_user kill -INT "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
        running_pid >/dev/null || return 0
        sleep 0.1
    done
    as_db_user kill -KILL "$pid" 2>/dev/null || true
}

# value KEY CONNECTION: of a string of key=value pairs.
value() {
    local word
    for word in $2; do
        case $word in "$1"=*) echo "${word#*=}" ;; esac
    done
}

start() {
    local connection=$1 host role
    command -v pgbouncer >/dev/null ||
        die "$EX_UNAVAILABLE" "PgBouncer is missing: install it (apt-get install pgbouncer). Nothing was tested through a pooler."
    host=$(value host "$connection")
    case $host in /*) ;; *) die "$EX_USAGE" "The connection must name the folder of a Unix socket: $connection" ;; esac
    make_state_folder "$state"
    stop
    as_db_user mkdir -p -m 700 "$folder"
    {
        for role in "$(value user "$connection")" siyu_owner siyu_ingest siyu_redeem siyu_gifts siyu_reports siyu_operator; do
            echo "\"$role\" \"\""
        done
    } | as_db_user tee "$folder/users" >/dev/null
    # No ignore_startup_parameters and no reset query: our client must need neither.
    {
        echo "[databases]"
        echo "* = host=$host port=$(value port "$connection")" | sed 's/ port=$//'
        echo "[pgbouncer]"
        echo "listen_addr ="
        echo "listen_port = $port"
        echo "unix_socket_dir = $folder"
        echo "unix_socket_mode = 0700"
        echo "auth_type = trust"
        echo "auth_file = $folder/users"
        echo "pool_mode = transaction"
        echo "default_pool_size = ${SIYU_TEST_POOLER_SESSIONS:-8}"
        echo "max_client_conn = 2000"
        echo "query_wait_timeout = 60"
        echo "autodb_idle_timeout = 30"
        echo "server_lifetime = 600"
        echo "log_connections = 0"
        echo "log_disconnections = 0"
        echo "logfile = $folder/log"
        echo "pidfile = $folder/pid"
    } | as_db_user tee "$folder/pgbouncer.ini" >/dev/null
    as_db_user pgbouncer -q -d "$folder/pgbouncer.ini" >/dev/null 2>&1 </dev/null ||
        die "$EX_UNAVAILABLE" "PgBouncer did not start; its log: $folder/log"
    for _ in $(seq 50); do
        if as_db_user test -S "$folder/.s.PGSQL.$port"; then break; fi
        sleep 0.1
    done
    running_pid >/dev/null || die "$EX_UNAVAILABLE" "PgBouncer did not start; its log: $folder/log"
    echo "host=$folder port=$port"
}

case $verb in
start) start "${3:-}" ;;
stop) stop ;;
*) die "$EX_USAGE" "usage: pooler.sh start NAME CONNECTION | stop NAME" ;;
esac
