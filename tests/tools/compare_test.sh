#!/usr/bin/env bash
# ./dev bench compare in its shortest form, with our own system only, so that it keeps working:
# figures come out, nothing is left behind, Ctrl-C ends it, mistakes are explained. The build
# directory comes from RAFT_BUILD.
set -euo pipefail
set -m # background jobs get process groups, so that Ctrl-C can be imitated

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

scratch=$(mktemp -d)
output=$scratch/output
run_pid=

end_test() {
  local status=$?
  trap - EXIT
  [ -z "$run_pid" ] || kill -KILL -- "-$run_pid" 2>/dev/null || true
  [ "$status" -eq 0 ] || cat "$output" >&2 || true
  rm -rf "$scratch"
  exit "$status"
}
trap end_test EXIT

compare() { ./dev bench compare --data "$scratch/data" "$@" >"$output" 2>&1; }

# complains TEXT OPTION...: it fails and says so.
complains() {
  local wanted=$1
  shift
  ! compare "$@" || fail "bench compare $* must fail"
  grep -qF -- "$wanted" "$output" || fail "bench compare $*: lacks '$wanted'"
}

nothing_is_left() {
  [ -z "$(ls "$scratch/data")" ] || fail "$(ls "$scratch/data") was left"
  ! grep -qsF "$scratch/data" /proc/[0-9]*/cmdline || fail "a server still runs"
}

shortest=(--systems ours --clients 1,4 --values 256 --rounds 1 --seconds 0.5 --keys 2000)

say "figures"
compare "${shortest[@]}" --json "$scratch/result.json" --svg "$scratch/result.svg"
for operation in SET GET; do
  grep -q "^$operation, values of 256 bytes" "$output" || fail "no $operation"
done
[ "$(grep -cE '^ +4  ours +[0-9.,]+ ' "$output")" -eq 2 ] || fail "no figures"
grep -q '"commands_per_second": {' "$scratch/result.json"
[ "$(grep -cE '^ +1 .* ours +[0-9.]+ +[0-9.]+ \(' "$output")" -eq 1 ] || fail "no floor"
grep -qE '"round_trip_ms": 0\.0*[1-9]' "$scratch/result.json" || fail "no round trip"
grep -qE '"sync_ms": [0-9.]*[1-9]' "$scratch/result.json" || fail "no sync"
grep -q '^</svg>$' "$scratch/result.svg"
nothing_is_left

say "Ctrl-C"
has_ended() { ! kill -0 "$run_pid" 2>/dev/null; }
is_measuring_or_ended() { grep -q '^  ours  *SET' "$output" || has_ended; }
./dev bench compare --data "$scratch/data" "${shortest[@]}" \
  --clients 4,3,2,1,4x2,3x2,2x2,1x2 >"$output" 2>&1 &
run_pid=$!
wait_for 120 is_measuring_or_ended
kill -INT -- "-$run_pid"
wait_for 120 has_ended || fail "it does not end"
! wait "$run_pid" 2>/dev/null || fail "it says that it has succeeded"
run_pid=
! grep -q '^commands' "$output" || fail "it had ended before Ctrl-C"
nothing_is_left

say "failover"
./dev bench failover --data "$scratch/data" --systems ours --rounds 1 >"$output" 2>&1
grep -qE '^Median of ours: [0-9]+ ms' "$output" || fail "no median"
nothing_is_left
./dev bench failover --stop --data "$scratch/data" --systems ours --rounds 1 >"$output" 2>&1
grep -qE '^Median of ours: [0-9]+ ms' "$output" || fail "no median of a stop"
nothing_is_left
if ./dev bench failover --systems redis >"$output" 2>&1; then
  fail "bench failover --systems redis must fail"
fi
grep -qF "measures ours and etcd, but not 'redis'" "$output" || fail "no explanation"

say "mistakes are explained"
complains "--systems knows ours, ours-spread (clients at all peers), redis, etcd and redisraft, but not 'theirs'" --systems ours,theirs
complains "redisraft needs --redisraft MODULE" --systems redisraft
complains "--redisraft needs --redis-server" --redisraft /nowhere/module.so
complains "--rounds wants a number from 1" --rounds 0
complains "but not '--colour'" --colour blue
complains "'--values' lacks its value" --values
complains "'4y' is no number of clients" "${shortest[@]}" --clients 4y
complains "no whole number from 16" "${shortest[@]}" --values 4
complains "40 clients need as many keys" "${shortest[@]}" --keys 30 --clients 40
nothing_is_left
