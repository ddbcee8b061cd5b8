# ./dev bench snapshot: what a large state costs: clients while it is copied, a peer that
# restarts with it, and a new peer that has to get it.
# shellcheck shell=bash

snapshot_rate=64 # MiB a second, the default of --snapshot-rate

# snapshot_fill: sets every key once, in the inline form of Redis commands.
snapshot_fill() {
  awk -v keys="$bench_keys" -v bytes=$bench_value_bytes 'BEGIN {
    value = sprintf("%" bytes "s", ""); gsub(" ", "x", value)
    for (i = 0; i < keys; ++i) printf "SET key:%012d %s\r\n", i, value
  }' | redis-cli -p "$bench_port" --pipe >>"$cluster_dir/benchmark.log" 2>&1 ||
    fail "loading failed; see $cluster_dir/benchmark.log"
}

# snapshot_taken_in ID: has a peer take one, and prints the milliseconds.
snapshot_taken_in() {
  local began
  began=$(now_ms)
  raftctl --timeout 300 snapshot "$1" >>"$cluster_dir/benchmark.log" ||
    fail "no snapshot; see $cluster_dir/benchmark.log"
  echo $(($(now_ms) - began))
}

# snapshot_round NUMBER: latencies before and while the leader takes one.
snapshot_round() {
  local calm busy taken seconds=$((snapshot_mib / snapshot_rate))
  wait_for 300 all_is_checkpointed || fail "a checkpoint did not end in five minutes"
  calm=$(bench_latencies "$seconds")
  wait_for 300 all_is_checkpointed || fail "a checkpoint did not end in five minutes"
  snapshot_taken_in "$(status_of peer leader)" >"$cluster_dir/taken" &
  busy=$(bench_latencies "$seconds")
  wait $!
  taken=$(<"$cluster_dir/taken")
  # shellcheck disable=SC2086
  printf '%5s  %8s %8s %8s   %8s %8s %8s   %s\n' "$1" $calm $busy "$taken"
  echo "$calm $busy" >>"$cluster_dir/rounds"
}

caught_up() { [ "$(status_of lag '' 4)" = 0 ]; }

# A fourth machine joins, and needs the state: puts the milliseconds into $took.
snapshot_join() {
  local id=4 began at
  at=$(peer_address $id)
  start_server $id "$build"/bin/raftd --id $id --members "$id=$at" --join \
    --data "$cluster_dir/$id" --redis "127.0.0.1:$(redis_port $id)"
  wait_for 30 port_in_use $((cluster_port + id)) || fail "peer 4 does not listen"
  began=$(now_ms)
  raftctl member add $id "$at" --learner >>"$cluster_dir/benchmark.log" ||
    fail "peer 4 was not added; see $cluster_dir/benchmark.log"
  peer_ids+=("$id")
  wait_for 600 caught_up || fail "peer 4 has not caught up in ten minutes"
  took=$(($(now_ms) - began))
}

bench_snapshot() {
  local rounds=3 round bench_keys snapshot_mib=1024 took id
  while [ $# -gt 0 ]; do
    [[ ${2-} =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 wants a number from 1"
    case $1 in
      --rounds) rounds=$2 ;;
      --rate) bench_rate=$2 ;;
      --mib) snapshot_mib=$2 ;;
      *) fail "bench snapshot knows --rounds, --rate and --mib, but not '$1'" ;;
    esac
    shift 2
  done
  bench_value_bytes=4096
  bench_keys=$(((snapshot_mib << 20) / bench_value_bytes))
  [ "$snapshot_mib" -ge $((5 * snapshot_rate)) ] ||
    fail "a snapshot must take five seconds at least: --mib $((5 * snapshot_rate)) or more"
  dev_setup
  configure "$build"
  build_targets "$build" raftd raftctl raftdump raft-bench
  use_cluster "$(mktemp -d)" "$(pick_free_ports)"
  trap 'stop_cluster; rm -rf "$cluster_dir"' EXIT
  start_cluster
  wait_for_leader
  bench_port=$(redis_port "$(status_of peer leader)")
  snapshot_fill
  say "Three peers on this machine with $snapshot_mib MiB; $bench_rate SET of" \
    "$bench_value_bytes bytes a second; times in milliseconds"
  printf '%5s  %-26s   %-26s   %s\n' '' 'no snapshot' 'the leader takes one' 'it took'
  printf '%5s  %8s %8s %8s   %8s %8s %8s\n' round median '99 %' longest median '99 %' longest
  for ((round = 1; round <= rounds; ++round)); do
    snapshot_round "$round"
  done
  say "Ratio of the 99th percentiles, in the middle of all rounds:" \
    "$(awk '{ printf "%.2f\n", $5 / $2 }' "$cluster_dir/rounds" | median)"
  for id in "${peer_ids[@]}"; do
    kill_peer "$id"
    start_again "$id"
    say "Peer $id was killed, and was ready $took ms after it was started again"
    wait_for_leader
  done
  snapshot_join
  say "A new peer had it all after $took ms; at $snapshot_rate MiB a second the bytes" \
    "take $((1000 * snapshot_mib / snapshot_rate)) ms"
}
