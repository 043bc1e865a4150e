#!/usr/bin/env bash
# Measures other job queues for PostgreSQL, as they are on PyPI, in a virtualenv of their own.
# usage: run.sh DATABASE_URL [flags of measure.py]
. "$(dirname "$0")/../../../deploy/dev/lib.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
# oban wants Python 3.12.
python=
for name in "${PYTHON:-python3.13}" python3.13 python3.12 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
        python=$name
        break
    fi
done
[ -n "$python" ] || die "$EX_UNAVAILABLE" "Python 3.12 or later is missing: set PYTHON to one."

venv=${SIYU_PEERS_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/siyu-peers}
if [ ! -x "$venv/bin/python" ]; then "$python" -m venv "$venv" >&2; fi
names=()
for name in procrastinate pgqueuer oban awa-pg chancy; do
    if "$venv/bin/pip" install --quiet --disable-pip-version-check "$name" >&2; then
        names+=("$name")
    else
        say "$name does not install here; it is left out."
    fi
done
[ ${#names[@]} -gt 0 ] || die "$EX_UNAVAILABLE" "No peer could be installed: is PyPI reachable?"
"$venv/bin/pip" install --quiet --disable-pip-version-check uvloop asyncpg 'psycopg[binary,pool]' >&2
only=$(IFS=,; echo "${names[*]}")
url=$1
shift
exec "$venv/bin/python" "$here/measure.py" "$url" --only "$only" "$@"
