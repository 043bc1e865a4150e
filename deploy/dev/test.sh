#!/usr/bin/env bash
# Builds and runs the tests on a private PostgreSQL. Arguments go to `swift test`, as in: test.sh --filter JobsTests
# SIYU_SWIFT_FLAGS: flags of build and test alike, as in `--scratch-path .build-race --sanitize thread`.
. "$(dirname "$0")/lib.sh"

# Without arguments, all of them: in two lanes beside each other, each on a server of its own.

# What goes in the first lane; both take about as long.
lane='^(ArchitectureTests|KernelTests|KeysTests|PostgresTests|SchemaTests|JobsTests|HostingTests|HooksTests|MembersTests'
lane+='|TouchTests|RedeemTests|GiftsTests|EndToEndTests)\.'

here=$(dirname "$0")
lanes=1
logs=$(mktemp -d)
leave() {
    local name
    rm -rf "$logs"
    for name in "${!users[@]}"; do
        # Whoever uses a cluster holds a share of its lock; who leaves last and finds nobody, stops it (unless `make db-up`
        # asked for it to stay).
        if [ ! -e "$state/$name.keep" ] && flock -n -x "${users[$name]}"; then "$here/cluster.sh" stop "$name"; fi
    done
}
declare -A users=()
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "${SIYU_TEST_CLUSTER:-}" ]; then
    "$here/prepare.sh" --without-server
    clusters=("$SIYU_TEST_CLUSTER")
else
    "$here/prepare.sh"
    state=$(state_folder)
    names=(test)
    if [ $# = 0 ]; then
        lanes=2
        names=(test test2)
    fi
    clusters=()
    for name in "${names[@]}"; do
        clusters+=("$("$here/cluster.sh" start "$name")")
        exec {lock}>"$state/$name.users"
        flock -s "$lock"
        users[$name]=$lock
    done
fi

cd "$root"
# The tests' pg_dump is the one of the server.
if bin=$(pg_bin); then export PATH="$bin:$PATH"; fi
read -ra flags <<<"${SIYU_SWIFT_FLAGS:-}"
# What we start must not hold our locks when we are gone.
unlocked() (
    for lock in "${users[@]}"; do exec {lock}>&-; done
    exec "$@"
)
unlocked swift build "${flags[@]}" --build-tests
tests=$(swift build "${flags[@]}" --show-bin-path)/siyuPackageTests.xctest

# run LANE CLUSTER [arguments]: in a lane one after another, since leases, deadlines and crashes are timed.
run() {
    # Into a pipe it would write colours.
    NO_COLOR=1 SIYU_TEST_CLUSTER=$2 unlocked "$tests" --testing-library swift-testing --no-parallel "${@:3}" 2>&1 | tee "$logs/$1"
}
code=0
if [ "$lanes" = 2 ]; then
    run 1 "${clusters[0]}" --filter "$lane" &
    first=$!
    run 2 "${clusters[1]}" --skip "$lane" || code=$?
    wait "$first" || code=$?
else
    run 1 "${clusters[0]}" "$@" || code=$?
fi
# Of a thousand tests the red ones are said once more, at the end, where somebody looks.
if [ "$code" != 0 ]; then
    say ""
    say "What failed:"
    for log in "$logs"/*; do grep -aE '✘|^↳' "$log" | tail -n 40 >&2 || say "(nothing in lane ${log##*/}, or it ended early)"; done
fi
exit "$code"
