#!/usr/bin/env bash
# Compiles Examples/Jobs as another package would see it, against the modules of the last debug build: public API alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
modules=$(swift build --show-bin-path)/Modules
read -ra libpq <<<"$(pkg-config --cflags libpq)"
flags=()
for flag in "${libpq[@]}"; do flags+=(-Xcc "$flag"); done
swiftc -typecheck -swift-version 6 -parse-as-library -package-name outside -I "$modules" -I Libraries/CLibPQ \
    "${flags[@]}" Examples/Jobs/Sources/TeaHouse/*.swift
echo "Examples/Jobs: compiles"
