#!/usr/bin/env bash
# Measures on this machine, with a release build and a private PostgreSQL that keeps its data as production would.
# usage: bench.sh SUBJECT...    (as `siyu bench`: postgres jobs ingest services scans mint ledger gifts; --json and other flags go through)
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
"$here/prepare.sh"
url=$("$here/cluster.sh" setup bench)
trap '"$here/cluster.sh" stop bench' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd "$root"
swift build -c release >&2
bin=$(swift build -c release --show-bin-path)
PATH=$(pg_bin):$PATH DATABASE_URL=$url SIYU_ENV=development "$bin/siyu" bench "$@"
