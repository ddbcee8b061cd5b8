#!/usr/bin/env bash
# What people type first: ./dev help, ./dev run, the lines that it prints, and
# Ctrl-C. The build directory comes from RAFT_BUILD.
set -euo pipefail
set -m # background jobs get process groups, so that Ctrl-C can be imitated

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/common.sh
source scripts/common.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh

scratch=$(mktemp -d)
output=$scratch/output
run_pid=

end_test() {
  local status=$?
  trap - EXIT
  [ -z "$run_pid" ] || kill -KILL -- "-$run_pid" 2>/dev/null || true
  [ "$status" -eq 0 ] || cat "$output" "$scratch"/*/*.log 2>/dev/null || true
  rm -rf "$scratch"
  exit "$status"
}
trap end_test EXIT

is_printed() { grep -q -- "$1" "$output"; }
is_printed_or_ended() { is_printed "$1" || ! kill -0 "$run_pid" 2>/dev/null; }
has_ended() { ! kill -0 "$run_pid" 2>/dev/null; }

# From another directory, with a path that has a blank.
start_run() {
  : >"$output"
  (cd "$scratch" && exec "$OLDPWD/dev" run --data "some data" --port "$port") \
    >"$output" 2>&1 &
  run_pid=$!
  wait_for 120 is_printed_or_ended "Ctrl-C ends them"
  is_printed "Ctrl-C ends them"
}

# What a terminal does at Ctrl-C: all processes of the group get SIGINT.
press_ctrl_c() {
  local status=0
  kill -INT -- "-$run_pid"
  wait_for 120 has_ended
  wait "$run_pid" || status=$?
  [ "$status" -eq 0 ] || fail "./dev run ended with $status"
  run_pid=
  ! port_in_use $((port + 1)) || fail "peer 1 still runs"
}

# Runs the printed lines, as somebody would who pastes them.
paste_lines() {
  # shellcheck disable=SC1090
  source <(sed -n '/^Talk to them/,/^Ctrl-C/p' "$output" | grep '^  ')
}

say "help"
./dev help | grep -q 'run  *build, start three peers'
if ./dev nonsense >/dev/null 2>&1; then
  fail "an unknown command must fail"
fi

say "run"
port=$(pick_free_ports)
use_cluster "$scratch/some data" "$port"
start_run
is_printed "$scratch/some data"
# On a busy machine another one may be elected in between.
pasted_lines_work() {
  lines=$(paste_lines)
  grep -q leader <<<"$lines" && grep -qx blue <<<"$lines"
}
wait_for 120 pasted_lines_work || fail "the printed lines say: $lines"

say "what the README says to try"
readme_lines_work() {
  lines=$(
    # shellcheck disable=SC1090
    source <(sed -n '/^    build\/bin\/raftctl/,/^$/p' README.md |
      sed -E "s|build/bin|${RAFT_BUILD:-build}/bin|
        s/:7401/:$((port + 1))/; s/:7402/:$((port + 2))/
        s/:7403/:$((port + 3))/; s/-p 7412/-p $((port + 12))/")
  )
  [ "${lines##*$'\n'}" = blue ]
}
wait_for 120 readme_lines_work || fail "the README's lines say: $lines"

say "run on the same ports"
if ./dev run --data "$scratch/other" --port "$port" >"$scratch/second" 2>&1; then
  fail "a port in use must be an error"
fi
grep -q "port $((port + 1)) is in use" "$scratch/second"

say "a peer dies"
kill -KILL "$(sed -nE 's/^  peer 2 .* process ([0-9]+)$/\1/p' "$output")"
wait_for 120 is_printed "peer 2 .* was ended by SIGKILL"
press_ctrl_c

say "run again on the same data"
start_run
knows_color() { [ "$(redis-cli -p "$(redis_port 3)" get color)" = blue ]; }
wait_for 120 knows_color ||
  fail "the second run does not know what the first was told"
press_ctrl_c
