#!/usr/bin/env bash
# Other people's clients, as they are on PyPI, against our services: standardwebhooks scans codes, zxing-cpp reads labels,
# schemathesis tries what OpenAPI says, wechatpayv3 pays and refunds.
# usage: matrix.sh
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
"$here/prepare.sh"
command -v python3 >/dev/null || die "$EX_UNAVAILABLE" "python3 is missing: install it (apt-get install python3 python3-venv)."

cd "$root"
swift build
bin=$(swift build --show-bin-path)
state=$(state_folder)
"$here/cluster.sh" setup matrix >/dev/null
work=$(mktemp -d)
pids=()
leave() {
    local code=$? pid
    for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    "$here/cluster.sh" remove matrix || true
    rm -rf "$work"
    exit "$code"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

venv=$state/matrix-python
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import standardwebhooks, wechatpayv3, requests, schemathesis, zxingcpp, numpy' 2>/dev/null; then
    say "Fetching standardwebhooks, wechatpayv3, schemathesis and zxing-cpp."
    rm -rf "$venv"
    { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet standardwebhooks wechatpayv3 requests schemathesis zxing-cpp numpy; } >&2 ||
        die "$EX_UNAVAILABLE" "The Python packages could not be fetched: is python3-venv installed, and PyPI reachable?"
fi

# Both ports of a service are free ones, so that a developer's own `make run` is not in the way.
export SIYU_ENV=development SIYU_KEYS=$work/keys SIYU_SANDBOX_STATE=$work/sandbox SIYU_LOG_LEVEL=warning
as() { echo "host=$state/matrix user=siyu_$1 dbname=siyu"; }
"$bin/siyu" keys create
DATABASE_URL=$(as owner) "$bin/siyu" migrate
"$bin/siyu-sandbox" --port 28110 --admin-port 29110 &
pids+=($!)
DATABASE_URL=$(as redeem) "$bin/siyu-redeem" --port 28102 --admin-port 29102 &
pids+=($!)
wait_until_ready siyu-sandbox 29110 "${pids[0]}"
wait_until_ready siyu-redeem 29102 "${pids[1]}"

export DATABASE_URL
DATABASE_URL=$(as operator)
# field NAME: of the JSON on the input, or of the first object if it is a list.
field() {
    "$venv/bin/python" -c 'import json, sys
value = json.load(sys.stdin)
print((value[0] if isinstance(value, list) else value)[sys.argv[1]])' "$1"
}
brand=$("$bin/siyu" brand create matrix --json | field brand)
printf 'name,kind,points,cost,count\npoints,points,88,0.88,5000\n' >"$work/prizes.csv"
batch=$("$bin/siyu" codes mint --brand "$brand" --count 10000 --prizes "$work/prizes.csv" \
    --link-base HTTPS://ID.EXAMPLE.CN --columns index,code,url --out "$work/codes.csv" --json | field batch)
"$bin/siyu" codes activate "$batch" all >&2
secret=$("$bin/siyu" hooks source create matrix --brand "$brand" --purpose scans --purpose handovers \
    --purpose draws --json | field secret)
sleep 2  # siyu-redeem looks for new batches and sources once a second

say "== standardwebhooks scans"
"$venv/bin/python" Tests/Matrix/standardwebhooks_client.py http://127.0.0.1:28102 matrix "$secret" "$work/codes.csv"
say "== schemathesis tries what siyu-redeem says of itself"
# A schema cannot say which check digit is right, nor which code was minted: what it allows may be refused.
(cd "$work" && SIYU_MATRIX_SECRET=$secret SIYU_MATRIX_SOURCE=matrix SCHEMATHESIS_HOOKS=schemathesis_hooks \
    PYTHONPATH=$root/Tests/Matrix "$venv/bin/schemathesis" run http://127.0.0.1:28102/openapi.json \
    --max-examples "${SIYU_MATRIX_EXAMPLES:-50}" --exclude-checks positive_data_acceptance \
    --suppress-health-check all --warnings off --no-color >&2)
say "== zxing-cpp reads labels"
"$bin/siyu" codes label "$batch" --format sheet --range 0..500 --out "$work/sheets" >&2
"$bin/siyu" codes label "$batch" --format svg --level H --range 500..520 --out "$work/labels" >&2
"$venv/bin/python" Tests/Matrix/zxing_labels.py "$work/codes.csv" 0 "$work"/sheets/*.html
"$venv/bin/python" Tests/Matrix/zxing_labels.py "$work/codes.csv" 500 "$work"/labels/*.svg
say "== wechatpayv3 pays and refunds"
"$venv/bin/python" Tests/Matrix/wechatpayv3_client.py --merchant "$SIYU_SANDBOX_STATE/merchant.json"
say "matrix: passed"
