# ./dev bench: how fast something is. Prints what it measures and judges nothing.
# shellcheck shell=bash

bench_data_bytes=$((250 << 20)) # of all keys
bench_value_bytes=1024
bench_rate=1000    # commands a second
bench_seconds=30   # of the measurement during checkpoints
bench_calm=10      # and of the one before, which ends before a checkpoint begins
bench_burst_bytes=$((140 << 20)) # of commands whose changes take more than 100 MiB
# So much that only time makes a checkpoint due, and so long that all of a burst is in
# one checkpoint: a peer takes from half of it to all of it.
bench_dirty_bytes=$((2 << 30))
bench_checkpoint_after=20 # seconds

bench_load() {
  "$build"/bin/raft-bench --port "$bench_port" --rate $bench_rate \
    --seconds "$1" --value-bytes $bench_value_bytes --keys $bench_keys \
    --seed "$RANDOM"
}

# bench_latencies SECONDS: a load at fixed moments; prints the median, the 99th
# percentile and the longest, in milliseconds. A second before that wakes up what
# has been idle.
bench_latencies() {
  bench_load 1 >/dev/null
  bench_load "$1" | cut -d ' ' -f 2-
}

# bench_put COUNT: sets random keys as fast as the peers take them.
bench_put() {
  redis-benchmark -p "$bench_port" -t set -n "$1" -r $bench_keys \
    -d $bench_value_bytes -c 16 -P 64 -q >>"$cluster_dir/benchmark.log" 2>&1 ||
    fail "redis-benchmark failed; see $cluster_dir/benchmark.log"
}

# applied_everywhere: the last entry that all peers have applied; fails if they
# are not at the same one.
applied_everywhere() {
  status_of applied '' | sort | uniq -c |
    awk -v peers=${#peer_ids[@]} '
      $1 == peers { print $2; found = 1 }
      END { exit !found }'
}

# all_is_checkpointed: no peer has anything to checkpoint.
all_is_checkpointed() {
  local id applied
  applied=$(applied_everywhere) || return 1
  for id in "${peer_ids[@]}"; do
    [ "$(checkpointed_by "$id")" = "$applied 0" ] || return 1
  done
}

# wait_until_all_is_checkpointed: and until no peer would checkpoint so soon that it might
# checkpoint a part of what comes next.
wait_until_all_is_checkpointed() {
  wait_for 300 all_is_checkpointed || fail "a checkpoint did not end in five minutes"
  sleep $bench_checkpoint_after
}

# in_checkpoint_of ENTRY: whether all peers are still on the checkpoint up to there.
in_checkpoint_of() {
  local id found checkpointed staged
  for id in "${peer_ids[@]}"; do
    found=$(checkpointed_by "$id") || fail "cannot look at the data of peer $id"
    read -r checkpointed staged <<<"$found"
    [ "$checkpointed" -lt "$1" ] || [[ $checkpointed -eq $1 && $staged -gt 0 ]] || return 1
  done
}

# note_staged ENTRY: notes for each peer how many records it has staged of the
# checkpoint up to there, in `staged_of`; fails as long as one has not got so far.
note_staged() {
  local id found checkpointed staged
  for id in "${peer_ids[@]}"; do
    found=$(checkpointed_by "$id") || fail "cannot look at the data of peer $id"
    read -r checkpointed staged <<<"$found"
    [[ $checkpointed -ne $1 || $staged -eq 0 ]] || staged_of[$id]=$staged
  done
  [ ${#staged_of[@]} -eq ${#peer_ids[@]} ]
}

# The median of the numbers that come in, one in a line.
median() { sort -n | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }

# begin_checkpoints: has a burst applied and all peers begin to checkpoint it, in one checkpoint
# each. Prints the last entry of the burst.
begin_checkpoints() {
  local began=$SECONDS
  bench_put $bench_burst
  [ $((SECONDS - began)) -lt $((bench_checkpoint_after / 2)) ] ||
    fail "the burst took longer than half of $bench_checkpoint_after seconds, so it" \
      "may be in two checkpoints: take a longer bench_checkpoint_after"
  wait_for 5 applied_everywhere || fail "a peer lags behind"
  sleep $((began + bench_checkpoint_after + 1 - SECONDS))
}

bench_round() {
  local calm busy burst_end staged
  declare -A staged_of=()
  wait_until_all_is_checkpointed
  calm=$(bench_latencies $bench_calm)
  wait_until_all_is_checkpointed
  burst_end=$(begin_checkpoints)
  busy=$(bench_latencies $bench_seconds)
  in_checkpoint_of "$burst_end" ||
    fail "a checkpoint had a part of the burst only, or ended before the" \
      "measurement: take a larger bench_burst_bytes"
  wait_for 120 note_staged "$burst_end" ||
    fail "a peer has its part of the burst in more than one checkpoint"
  # A record has 64 KiB.
  staged=$(($(printf '%s\n' "${staged_of[@]}" | sort -n | head -n 1) / 16))
  [ "$staged" -ge 100 ] ||
    fail "a checkpoint had only $staged MiB: take a larger bench_burst_bytes"
  # shellcheck disable=SC2086
  printf '%5s  %8s %8s %8s   %8s %8s %8s   %s\n' "$1" $calm $busy "$staged"
  echo "$calm $busy" >>"$cluster_dir/rounds"
}

bench_checkpoint() {
  local rounds=5 round bench_keys bench_burst
  while [ $# -gt 0 ]; do
    [[ ${2-} =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 wants a number from 1"
    case $1 in
      --rounds) rounds=$2 ;;
      --rate) bench_rate=$2 ;;
      --value-bytes) bench_value_bytes=$2 ;;
      *) fail "bench checkpoint knows --rounds, --rate and --value-bytes, but not '$1'" ;;
    esac
    shift 2
  done
  bench_keys=$((bench_data_bytes / bench_value_bytes))
  bench_burst=$((bench_burst_bytes / bench_value_bytes))
  dev_setup
  configure "$build"
  build_targets "$build" raftd raftctl raftdump raft-bench
  use_cluster "$(mktemp -d)" "$(pick_free_ports)"
  trap 'stop_cluster; rm -rf "$cluster_dir"' EXIT
  start_cluster --dirty-bytes $bench_dirty_bytes \
    --checkpoint-after $((1000 * bench_checkpoint_after))
  wait_for_leader
  bench_port=$(redis_port "$(status_of peer leader)")
  say "Three peers on this machine; $bench_rate SET of $bench_value_bytes bytes" \
    "a second; times in milliseconds"
  printf '%5s  %-26s   %s\n' '' 'no checkpoint' \
    'all peers checkpoint, in one checkpoint each'
  printf '%5s  %8s %8s %8s   %8s %8s %8s   %s\n' round median '99 %' longest \
    median '99 %' longest MiB
  bench_put $((2 * bench_keys))
  for ((round = 1; round <= rounds; ++round)); do
    bench_round "$round"
  done
  say "Ratio of the medians, in the middle of all rounds:" \
    "$(awk '{ printf "%.2f\n", $4 / $1 }' "$cluster_dir/rounds" | median);" \
    "of the 99th percentiles:" \
    "$(awk '{ printf "%.2f\n", $5 / $2 }' "$cluster_dir/rounds" | median)"
}

dev_bench() {
  case ${1-} in
    checkpoint)
      shift
      bench_checkpoint "$@"
      ;;
    compare)
      shift
      bench_compare "$@"
      ;;
    failover)
      shift
      bench_failover "$@"
      ;;
    snapshot)
      shift
      bench_snapshot "$@"
      ;;
    core)
      shift
      dev_setup
      configure "$build"
      build_targets "$build" raft-bench-core
      "$build"/bin/raft-bench-core "$@"
      ;;
    *) fail "bench knows 'checkpoint', 'compare', 'core', 'failover' and 'snapshot'" ;;
  esac
}
