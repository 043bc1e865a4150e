#!/usr/bin/env bash
# The job queue's figures beside those of other queues, one after the other on one private PostgreSQL that keeps its data
# as production would.
# usage: bench-jobs.sh [--no-peers] [--no-ours] [--pairs N] [--rounds N] [--out FOLDER]
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
peers=yes ours=yes pairs=5 rounds=2 out=
while [ $# -gt 0 ]; do
    case $1 in
    --no-peers) peers= ;;
    --no-ours) ours= ;;
    --pairs) pairs=$2 && shift ;;
    --rounds) rounds=$2 && shift ;;
    --out) out=$2 && shift ;;
    *) die "$EX_USAGE" "usage: bench-jobs.sh [--no-peers] [--no-ours] [--pairs N] [--rounds N] [--out FOLDER]" ;;
    esac
    shift
done

"$here/prepare.sh"
url=$("$here/cluster.sh" setup bench)
out=${out:-$(mktemp -d)}
mkdir -p "$out"
trap '"$here/cluster.sh" stop bench' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$root"

if [ -n "$ours" ]; then
    swift build -c release --product siyu >&2
    bin=$(swift build -c release --show-bin-path)
    PATH=$(pg_bin):$PATH DATABASE_URL=$url SIYU_ENV=development \
        "$bin/siyu" bench jobs --pairs "$pairs" --json >"$out/ours.json"
fi
if [ -n "$peers" ]; then
    Tests/Benchmarks/peers/run.sh "$url" --rounds "$rounds" --json "$out/peers.json"
fi
python3 Tests/Benchmarks/peers/table.py "$out"
say "The figures as JSON: $out"
