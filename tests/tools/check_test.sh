#!/usr/bin/env bash
# raft-scenarios check: what it prints, where, and its exit codes. The build
# directory comes from RAFT_BUILD.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

program=$RAFT_BUILD/bin/raft-scenarios
histories=tests/checker/histories
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# expect STATUS FILE...: checks the files, into $scratch/out and $scratch/err.
expect() {
  local wanted=$1 status=0
  shift
  "$program" check "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
  [ "$status" -eq "$wanted" ] ||
    fail "check $*: exit code $status, expected $wanted: $(cat "$scratch/err")"
}

expect 0 "$histories/jepsen/etcd_002.log" "$histories/kv/c01-ok.txt"
diff "$scratch/out" - <<TEXT
$histories/jepsen/etcd_002.log: linearizable
$histories/kv/c01-ok.txt: linearizable
TEXT

# docs/histories.md shows what this prints.
expect 1 "$histories/kv/c01-bad.txt" "$histories/kv/c01-ok.txt"
grep -qx "$histories/kv/c01-bad.txt: not linearizable" "$scratch/out"
grep -qx "$histories/kv/c01-ok.txt: linearizable" "$scratch/out"
sed -n '2,/but it saw/p' "$scratch/out" | while IFS= read -r line; do
  grep -qF -- "$line" docs/histories.md || fail "docs/histories.md lacks: $line"
done

printf 'history 1 map\n1 2 3 get k -> v\n1 2 x get k\n' >"$scratch/wrong"
expect 2 "$scratch/wrong" "$histories/kv/c01-bad.txt"
grep -q "^$scratch/wrong:3: 'x' is no end time" "$scratch/err"
grep -q "not linearizable" "$scratch/out"
expect 2 "$scratch/none"
grep -q "^$scratch/none: No such file" "$scratch/err"
expect 2 "$scratch"
expect 2
expect 2 --nothing "$scratch/wrong"

# The example of docs/histories.md.
sed -n '/^    history 1 map/,/^$/s/^    //p' docs/histories.md >"$scratch/example"
[ "$(wc -l <"$scratch/example")" -eq 7 ] || fail "docs/histories.md has changed"
expect 0 "$scratch/example"

{
  echo "history 1 register"
  # The same value by several writes: all orders have to be looked at.
  for i in {1..30}; do echo "$i 1 100 write $((i % 3))"; done
  echo "98 200 300 read -> 1"
  echo "99 400 500 read -> 2"
} >"$scratch/hard"
expect 3 --limit 100 "$scratch/hard"
grep -q "^$scratch/hard: undecided" "$scratch/out"
expect 1 "$scratch/hard"
"$program" --help | grep -q check
