# ./dev bench: how fast something is. Prints what it measures and judges nothing.
# shellcheck shell=bash

bench_keys=250000
bench_value_bytes=1024
bench_rate=1000    # commands a second
bench_seconds=30   # of one measurement
bench_burst=130000 # commands whose changes take some 100 MiB
# Twice what makes a save due. The peers begin theirs at different moments, so
# the burst goes to the disk in two or three saves.
bench_unsaved_bytes=$((200 << 20))

# bench_latencies KEYS: a load at fixed moments on that many keys; prints the
# median, the 99th percentile and the longest, in milliseconds.
bench_latencies() {
  "$build"/bin/raft-bench --port "$bench_port" --rate $bench_rate \
    --seconds $bench_seconds --value-bytes $bench_value_bytes --keys "$1" \
    --seed "$RANDOM" | cut -d ' ' -f 2-
}

# bench_put COUNT: sets random keys as fast as the peers take them.
bench_put() {
  redis-benchmark -p "$bench_port" -t set -n "$1" -r $bench_keys \
    -d $bench_value_bytes -c 16 -P 64 -q >>"$cluster_dir/benchmark.log" 2>&1 ||
    fail "redis-benchmark failed; see $cluster_dir/benchmark.log"
}

# seconds_since_save AGE: how long ago a peer wrote to its key-value data, of
# all peers the least or the most.
seconds_since_save() {
  local order=-n
  [ "$1" = least ] || order=-nr
  stat -c %Y "$cluster_dir"/*/kv-1/data.mdb | awk -v now="$(date +%s)" '
    { print now - $1 }' | sort $order | head -n 1
}

# Changes are saved after ten seconds at most, so nothing is left to save then.
all_is_saved() { [ "$(seconds_since_save least)" -gt 11 ]; }

# The median of the numbers that come in, one in a line.
median() { sort -n | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }

bench_round() {
  local calm busy
  wait_for 300 all_is_saved || fail "a save did not end in five minutes"
  calm=$(bench_latencies 100)
  wait_for 300 all_is_saved || fail "a save did not end in five minutes"
  bench_put $bench_burst
  busy=$(bench_latencies $bench_keys)
  [ "$(seconds_since_save most)" -lt 3 ] ||
    fail "the saves ended before the measurement: take a larger bench_burst"
  # shellcheck disable=SC2086
  printf '%5s  %8s %8s %8s   %8s %8s %8s\n' "$1" $calm $busy
  echo "$calm $busy" >>"$cluster_dir/rounds"
}

bench_save() {
  local rounds=5 round
  while [ $# -gt 0 ]; do
    [ "$1" = --rounds ] || fail "bench save knows --rounds N, but not '$1'"
    [[ ${2-} =~ ^[1-9][0-9]{0,2}$ ]] || fail "$1 wants a number from 1"
    rounds=$2
    shift 2
  done
  dev_setup
  configure "$build"
  build_targets "$build" raftd raftctl raft-bench
  use_cluster "$(mktemp -d)" "$(pick_free_ports)"
  trap 'stop_cluster; rm -rf "$cluster_dir"' EXIT
  start_cluster --unsaved-bytes $bench_unsaved_bytes
  wait_for_leader
  bench_port=$(redis_port "$(status_of peer leader)")
  say "Three peers on this machine; $bench_rate SET of $bench_value_bytes bytes" \
    "a second; times in milliseconds"
  printf '%5s  %-26s   %s\n' '' 'nothing to save' \
    'all peers save, 100 MiB in all'
  printf '%5s  %8s %8s %8s   %8s %8s %8s\n' round median '99 %' longest \
    median '99 %' longest
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
    save)
      shift
      bench_save "$@"
      ;;
    *) fail "bench knows 'save'" ;;
  esac
}
