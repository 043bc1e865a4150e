#!/usr/bin/env bash
# The job queue's figures beside those of other queues, in turns, on one private PostgreSQL that keeps its data as
# production would. In each round ours is measured once, beside the raw figures, and each peer once.
# usage: bench-jobs.sh [--no-peers | --no-ours] [--rounds N] [--only PEER,…] [--out FOLDER]
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
usage="usage: bench-jobs.sh [--no-peers | --no-ours] [--rounds N] [--only PEER,…] [--out FOLDER]"
peers=yes ours=yes rounds=5 out='' only=()
while [ $# -gt 0 ]; do
    case $1 in
    --no-peers) peers='' ;;
    --no-ours) ours='' ;;
    --rounds | --only | --out)
        [ $# -gt 1 ] || die "$EX_USAGE" "$usage"
        case $1 in
        --rounds) rounds=$2 ;;
        --only) only=(--only "$2") ;;
        --out) out=$2 ;;
        esac
        shift
        ;;
    *) die "$EX_USAGE" "$usage" ;;
    esac
    shift
done
[ -n "$peers$ours" ] && [[ $rounds =~ ^[1-9][0-9]?$ ]] || die "$EX_USAGE" "$usage"

"$here/prepare.sh"
cd "$root"
if [ -n "$ours" ]; then
    swift build -c release --product siyu >&2
    bin=$(swift build -c release --show-bin-path)
fi
url=$("$here/cluster.sh" setup bench)
trap '"$here/cluster.sh" stop bench' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
out=${out:-$(mktemp -d)}
mkdir -p "$out"
rm -f "$out/ours.json" "$out/turns.json"
PATH=$(pg_bin):$PATH
export PATH DATABASE_URL=$url SIYU_ENV=development

if [ -z "$peers" ]; then
    "$bin/siyu" bench jobs --pairs "$rounds" --json >"$out/ours.json"
else
    turns=(--rounds "$rounds" --json "$out/turns.json")
    if [ -n "$ours" ]; then turns+=(--ours "'$bin/siyu' bench jobs --pairs 1 --json"); fi
    Tests/Benchmarks/peers/run.sh "$url" "${only[@]}" "${turns[@]}"
fi
python3 Tests/Benchmarks/peers/table.py "$out"
say "The figures as JSON: $out"
