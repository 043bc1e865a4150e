#!/usr/bin/env bash
# Makes sure that what a build and a test need is on this machine; installs it where that is possible.
# usage: prepare.sh [--without-server]    (--without-server: a PostgreSQL server is not needed)
. "$(dirname "$0")/lib.sh"

needs_server=yes
if [ "${1:-}" = --without-server ]; then needs_server=no; fi

missing=()
command -v pkg-config >/dev/null || missing+=(pkg-config)
if ! command -v pkg-config >/dev/null || ! pkg-config --exists libpq; then missing+=(libpq-dev); fi
if ! command -v pkg-config >/dev/null || ! pkg-config --exists libqrencode; then missing+=(libqrencode-dev); fi
if [ "$needs_server" = yes ] && ! pg_bin >/dev/null; then missing+=(postgresql); fi

if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null ||
        die "$EX_UNAVAILABLE" "Missing: ${missing[*]} (names of Debian packages); install them and try again."
    is_root ||
        die "$EX_UNAVAILABLE" "Missing: ${missing[*]}. Install with: sudo apt-get install --no-install-recommends ${missing[*]}"
    say "Missing: ${missing[*]}. Installing with apt-get."
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } ||
        die "$EX_UNAVAILABLE" "apt-get could not install ${missing[*]}."
    if [ "$needs_server" = yes ]; then
        pg_bin >/dev/null || die "$EX_UNAVAILABLE" "Siyu needs PostgreSQL $PG_MAJOR_MIN or later; this system offers an older one."
    fi
fi

# What one target needs, and nothing else does.
if [ "$needs_server" = yes ]; then
    command -v pgbouncer >/dev/null || say "Not here: pgbouncer; \`make test-pooler\` needs it (apt-get install pgbouncer)."
fi

command -v swift >/dev/null || die "$EX_UNAVAILABLE" "Swift is missing: install the 6.3 toolchain from https://swift.org/install."
version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -1)
read -r major minor <<<"${version:-0 0}"
[ "$major" -gt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -ge 3 ]; } ||
    die "$EX_UNAVAILABLE" "Siyu needs Swift 6.3 or later; this is $major.$minor."
