#!/usr/bin/env bash
# Builds and runs the tests on a private PostgreSQL. Arguments go to `swift test`, as in: test.sh --filter JobsTests
# SIYU_SWIFT_FLAGS: flags of build and test alike, as in `--scratch-path .build-race --sanitize thread`.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
if [ -n "${SIYU_TEST_CLUSTER:-}" ]; then
    "$here/prepare.sh" --without-server
else
    "$here/prepare.sh"
    cluster=$("$here/cluster.sh" start test)
    state=$(state_folder)
    # Whoever uses the cluster holds a share of the lock; who leaves last and finds nobody, stops it (unless `make db-up`
    # asked for it to stay).
    exec 9>"$state/test.users"
    flock -s 9
    leave() {
        if [ ! -e "$state/test.keep" ] && flock -n -x 9; then "$here/cluster.sh" stop test; fi
    }
    trap leave EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    export SIYU_TEST_CLUSTER=$cluster
fi

cd "$root"
# The tests' pg_dump is the one of the server.
if bin=$(pg_bin); then export PATH="$bin:$PATH"; fi
read -ra flags <<<"${SIYU_SWIFT_FLAGS:-}"
swift build "${flags[@]}" --build-tests 9>&-
# One after another: leases, deadlines and crashes are timed, and two cores shared by all of them tell nothing.
log=$(mktemp)
code=0
swift test "${flags[@]}" --skip-build --disable-xctest --no-parallel "$@" 2>&1 9>&- | tee "$log" || code=$?
# Of a thousand tests the red ones are said once more, at the end, where somebody looks.
if [ "$code" != 0 ]; then
    say ""
    say "What failed:"
    grep -aE '✘|^↳' "$log" | tail -n 40 >&2 || say "(no test said so: see above)"
fi
rm -f "$log"
exit "$code"
