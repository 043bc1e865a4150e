#!/usr/bin/env bash
# Plants one bug after the other (Tests/Mutants/*.patch) and sees that the test it names turns red.
# usage: mutants.sh [NAME...]    (NAME: the beginning of a patch's name; all if none is given)
# It builds in the work tree, which must be committed, and leaves it as it was.
. "$(dirname "$0")/lib.sh"

cd "$root"
[ -z "$(git status --porcelain -- Libraries Services Tests Package.swift)" ] ||
    die "$EX_USAGE" "The work tree has changes that are not committed: they could be lost. Commit them and try again."
deploy/dev/prepare.sh
log=$(mktemp)
planted=
uproot() { if [ -n "$planted" ]; then git apply -R "$planted" && planted=; fi; }
leave() {
    uproot || say "The bug of $planted is still planted: git checkout -- Libraries"
    rm -f "$log"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

caught=0
missed=()
for patch in Tests/Mutants/*.patch; do
    name=$(basename "$patch" .patch)
    if [ $# -gt 0 ]; then
        wanted=no
        for word in "$@"; do case $name in "$word"*) wanted=yes ;; esac done
        [ "$wanted" = yes ] || continue
    fi
    test=$(sed -n 's/^Test: //p' "$patch")
    if ! git apply --check "$patch" 2>/dev/null; then
        missed+=("$name: the patch does not apply any longer; write it anew")
        continue
    fi
    git apply "$patch"
    planted=$patch
    if ! swift build --build-tests >"$log" 2>&1; then
        missed+=("$name: it does not compile, so it is no bug: $(grep -m1 'error:' "$log" || true)")
    elif deploy/dev/test.sh --filter "$test" >"$log" 2>&1; then
        missed+=("$name: $test stays green")
    elif ! grep -aqE '✘ Test ' "$log"; then
        missed+=("$name: the tests did not run: $(tail -n 1 "$log")")
    else
        caught=$((caught + 1))
        say "caught  $name  by  $(grep -aoE '✘ Test [^ ]+ (recorded|failed)' "$log" | head -n 1 | cut -d' ' -f3)"
    fi
    uproot
done
[ "$caught" -gt 0 ] || [ ${#missed[@]} -gt 0 ] || die "$EX_USAGE" "There is no such bug: see Tests/Mutants."
for line in "${missed[@]}"; do say "MISSED  $line"; done
say "$caught caught, ${#missed[@]} missed"
[ ${#missed[@]} = 0 ]
