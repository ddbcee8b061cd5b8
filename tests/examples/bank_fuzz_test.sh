#!/usr/bin/env bash
# bank_fuzz_test.sh PROGRAM PAGE: the fuzzer finds nothing in the bank, and
# the bug that is put in; the page shows what it says. With RAFT_REWRITE=1 the page
# is changed instead.
set -euo pipefail

program=$(realpath "$1")
page=$(realpath "$2")
mark='$ build/bin/bank_fuzz '
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# expect CODE ARGUMENT...: runs the program, puts what it says into `said`.
expect() {
  local code=$1 status=0
  shift
  "$program" "$@" >said 2>&1 || status=$?
  [ "$status" -eq "$code" ] ||
    fail "bank_fuzz $*: exit code $status, not $code: $(cat said)"
}

expect 0 fuzz --seeds 1..20
grep -q '^no violation' said || fail "nothing is said of the bank: $(cat said)"

# The arguments of the page's command, and what it shows below.
arguments=$(awk -v mark="$mark" 'index($0, mark) == 1 {
  print substr($0, length(mark) + 1) }' "$page")
[ -n "$arguments" ] || fail "the page has no line that begins with $mark"
# shellcheck disable=SC2086 # several arguments
expect 1 $arguments
mv said now
awk -v mark="$mark" '/^```/ { shown = 0 } shown
  index($0, mark) == 1 { shown = 1 }' "$page" >shown
if [ "${RAFT_REWRITE-}" = 1 ]; then
  awk -v mark="$mark" '/^```/ { shown = 0 } !shown
    index($0, mark) == 1 { shown = 1; while (getline line < "now") print line }' \
    "$page" >rewritten
  cp rewritten "$page"
else
  diff -u shown now || fail "the page shows something else;" \
    "./dev pin writes down what is said now"
fi

# What was made smaller can be played again.
expect 1 careless replay violation.schedule
[ "$(grep -h '^VIOLATION' now | tail -n 1)" = "$(grep '^VIOLATION' said)" ] ||
  fail "the replay ends otherwise: $(cat said)"

# A seed can be played without a file, and new ones are drawn and named.
expect 1 careless replay --seed 1 --lines 5
[ "$(grep -h '^VIOLATION' now | head -n 1)" = "$(grep '^VIOLATION' said)" ] ||
  fail "seed 1 ends otherwise: $(cat said)"
expect 0 fuzz --fresh 3
grep -qE '^fresh seeds [0-9]+\.\.[0-9]+$' said ||
  fail "nobody says which seeds were new: $(cat said)"

expect 2 fuzz --seeds 0
expect 2 replay --seed
expect 2 fuzz --lines
expect 2 replay no-such-file
expect 2
