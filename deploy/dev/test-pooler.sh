#!/usr/bin/env bash
# The tests again, with every role's connections through PgBouncer in transaction mode: whoever keeps state in a session fails.
# usage: test-pooler.sh [arguments of `swift test`]    Without a filter: every suite that a pooler can stand in front of.
. "$(dirname "$0")/lib.sh"

# What does not go through, each with its reason. Suites:
#   SchemaTests        migrations and pg_dump go past a pooler by design
#   TestSupportTests   the fault proxy and private clusters stand in front of the server itself; in other suites they stay direct
#   HostileServerTests, CopyTests (of PostgresTests)   one plays the server itself; one fills temporary tables of its session
# Tests, by a part of their names:
skipped=(
    amongAMillionRows underWrongStatistics # read the statistics of their own session, which here is not theirs alone
    g02_thousandGifts                      # 16 transactions that each look something up on another connection: below, by itself
    # Temporary tables of the session, which outlive the test in a session that others get:
    pipeline_whenTheKthFails schemaChange_underAPreparedPlan copyAsAStatement_ errors_describeWithoutValues begin_asAStatement_
    # End a session of the server by its number, or ask whether it is another one: the pooler lends whichever is free.
    terminatedBackend_ connections_thatDied_ connections_thatAreOld_ stress_withRandomFailures
)
suites='^(PostgresTests\.(Cancellation|Pool|Statement|Transaction|Types)Tests/|(JobsTests|AccountingTests|OrdersTests|VaultTests'
suites+='|CodesTests|GiftingTests|HooksTests|PoliciesTests|ReportingTests|IngestTests|RedeemTests|GiftsTests|ReportsTests'
suites+='|HostingTests|OperatorTests|EndToEndTests)\.)'

here=$(cd "$(dirname "$0")" && pwd -P)
if [ -z "${SIYU_TEST_CLUSTER:-}" ]; then
    "$here/prepare.sh"
    state=$(state_folder)
    SIYU_TEST_CLUSTER=$("$here/cluster.sh" start test)
    exec 9>"$state/test.users"
    flock -s 9
    own=yes
fi
export SIYU_TEST_CLUSTER
name=p$$
leave() {
    local code=$?
    "$here/pooler.sh" stop "$name" || true
    rm -rf "$(state_folder)/$name-pooler"
    if [ "${own:-no}" = yes ] && [ ! -e "$state/test.keep" ] && flock -n -x 9; then "$here/cluster.sh" stop test; fi
    exit "$code"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export SIYU_DB_POOLED=1

# through SESSIONS [arguments of `swift test`]: with so many sessions for each role and database.
through() {
    "$here/pooler.sh" stop "$name"
    SIYU_TEST_POOLER=$(SIYU_TEST_POOLER_SESSIONS=$1 "$here/pooler.sh" start "$name" "$SIYU_TEST_CLUSTER" 9>&-)
    export SIYU_TEST_POOLER
    "$here/test.sh" "${@:2}" 9>&-
}

if [ $# -gt 0 ]; then
    through "${SIYU_TEST_POOLER_SESSIONS:-8}" "$@"
else
    through 8 --filter "$suites" --skip "$(IFS='|' && echo "${skipped[*]}")"
    through 40 --filter g02_thousandGifts
fi
say "pooler: passed"
