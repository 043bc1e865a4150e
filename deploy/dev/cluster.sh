#!/usr/bin/env bash
# A private PostgreSQL: reachable through a Unix socket in a folder that only its owner can enter, so it needs no password.
# usage: cluster.sh start|setup|stop|crash|remove|url NAME
#   start   starts it if it does not run, makes it if there is none, and prints the connection string of its superuser
#   setup   the same, with the roles of Siyu and an empty database `siyu`
#   stop    fast shutdown          crash   immediate shutdown, as if the power of the server process had gone
#   remove  stops it and deletes its data                       url   prints the connection string
# SIYU_CLUSTER_MEGABYTES: puts it on a file system of its own of that size (root only), for tests of a full disk.
# NAME: `run` and `bench` keep their data as production would; other names are for tests: speed for durability.
# The cluster that Debian makes for itself is not touched.
. "$(dirname "$0")/lib.sh"

verb=${1:-} name=${2:-}
[[ $name =~ ^[a-z][a-z0-9-]{0,15}$ ]] || die "$EX_USAGE" "usage: cluster.sh start|setup|stop|crash|remove|url NAME"

state=$(state_folder)
folder=$state/$name
data=$folder/data
url="host=$folder user=postgres dbname=postgres"

# The postmaster's pid, if it is one and is ours: after a crash the number may belong to anybody.
running_pid() {
    local pid
    pid=$(as_db_user head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && [ "$(as_db_user readlink "/proc/$pid/cwd" 2>/dev/null)" = "$data" ] || return 1
    echo "$pid"
}

answers() { [ "$(as_db_user "$bin/pg_isready" -q -h "$folder" -U postgres -d postgres; echo $?)" = 0 ]; }

# The release that made the data must be the one that runs them.
find_bin() {
    local made_by
    made_by=$(as_db_user cat "$data/PG_VERSION" 2>/dev/null) || made_by=
    if bin=$(pg_bin "$made_by"); then return; fi
    [ -n "$made_by" ] && pg_bin >/dev/null ||
        die "$EX_UNAVAILABLE" "PostgreSQL $PG_MAJOR_MIN or later is missing: run deploy/dev/prepare.sh."
    if [ "$name" = run ]; then
        die "$EX_UNAVAILABLE" "$data was made by PostgreSQL $made_by, which is gone: install postgresql-$made_by or remove $folder."
    fi
    as_db_user rm -rf "$folder"  # test data are worth nothing: begin anew with the release that is here
    bin=$(pg_bin)
}

init() {
    as_db_user mkdir -p -m 700 "$folder"
    if as_db_user test -f "$data/PG_VERSION"; then return; fi
    if [ -n "${SIYU_CLUSTER_MEGABYTES:-}" ] && ! mountpoint -q "$folder"; then
        mount -t tmpfs -o "size=${SIYU_CLUSTER_MEGABYTES}m,mode=700,uid=$(db_user)" siyu-cluster "$folder" ||
            die "$EX_NOPERM" "A file system for $folder could not be mounted: only root may."
    fi
    # Made aside and moved into place: an initdb that was killed leaves nothing that looks finished.
    as_db_user rm -rf "$data" "$data.new"
    as_db_user "$bin/initdb" -D "$data.new" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-instructions >/dev/null ||
        die "$EX_UNAVAILABLE" "initdb failed in $folder."
    echo "include_if_exists = 'siyu.conf'" | as_db_user tee -a "$data.new/postgresql.conf" >/dev/null
    as_db_user mv "$data.new" "$data"
}

# Written at every start: the clone may have moved.
configure() {
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$folder'"
        echo "unix_socket_permissions = 0700"
        echo "max_connections = 200"
        echo "log_min_duration_statement = 1000"
        echo "log_line_prefix = '%m [%p] %u %d '"
        if [ "$name" = bench ]; then
            # Durable, and large enough that what is measured is not the checkpointer.
            echo "shared_buffers = 2GB"
            echo "max_wal_size = 8GB"
            echo "checkpoint_timeout = 15min"
            echo "jit = off"
        fi
        if [ "$name" != run ] && [ "$name" != bench ]; then
            echo "fsync = off"
            echo "full_page_writes = off"
            # Commits still reach the operating system before they are answered: a crash of the server loses none.
            echo "synchronous_commit = on"
            if mountpoint -q "$folder"; then
                printf 'max_wal_size = 48MB\nmin_wal_size = 32MB\n'
            else
                echo "max_wal_size = 2GB"
            fi
        fi
    } | as_db_user tee "$data/siyu.conf" >/dev/null
}

# Refused while a connection of a killed server still runs its last statement: hence more than one attempt.
# pg_ctl leaves the terminal, so Ctrl-C does not reach the server. What our caller had open (locks, pipes) must not stay
# with the server, or whoever waits for the end of them waits for its.
launch() (
    for open in /proc/self/fd/*; do
        open=${open##*/}
        if [ "$open" -gt 2 ]; then eval "exec $open>&-"; fi
    done
    as_db_user "$bin/pg_ctl" -D "$data" -l "$folder/log" -s -w -t 60 start >/dev/null 2>&1
)

start() {
    make_state_folder "$state"
    exec 8>"$state/$name.lock"
    flock 8  # two runs at once: the second finds the work of the first
    find_bin
    init
    if ! running_pid >/dev/null; then
        # Left by a server that was killed; its number may live on in another process, which PostgreSQL would take for it.
        as_db_user rm -f "$data/postmaster.pid" "$folder/.s.PGSQL.5432" "$folder/.s.PGSQL.5432.lock"
        configure
        launch || { sleep 2 && launch; } || { sleep 5 && launch; } ||
            die "$EX_UNAVAILABLE" "PostgreSQL did not start; its log: $folder/log: $(as_db_user tail -n 1 "$folder/log" 2>/dev/null)"
    fi
    answers || die "$EX_UNAVAILABLE" "PostgreSQL does not answer; its log: $folder/log"
}

setup() {
    local psql=(as_db_user "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$folder" -U postgres -d postgres)
    "${psql[@]}" -f - <"$root/deploy/postgres/roles.sql"
    if [ -z "$("${psql[@]}" -At -c "SELECT 1 FROM pg_database WHERE datname = 'siyu'")" ]; then
        "${psql[@]}" -c 'CREATE DATABASE siyu OWNER siyu_owner'
    fi
}

stop() {
    local pid
    pid=$(running_pid) || return 0
    find_bin
    as_db_user "$bin/pg_ctl" -D "$data" -s -w -t 60 -m "$1" stop >/dev/null ||
        die "$EX_UNAVAILABLE" "PostgreSQL (pid $pid) did not stop; its log: $folder/log"
}

case $verb in
start) start && echo "$url" ;;
setup) start && setup && echo "$url" ;;
stop) stop fast ;;
crash) stop immediate ;;
remove)
    stop immediate
    if mountpoint -q "$folder"; then umount "$folder" || umount -l "$folder"; fi
    as_db_user rm -rf "$folder"
    rm -f "$state/$name.lock"
    ;;
url) echo "$url" ;;
*) die "$EX_USAGE" "usage: cluster.sh start|setup|stop|crash|remove|url NAME" ;;
esac
