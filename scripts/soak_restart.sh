# ./dev soak restart: kills a peer with many keys at full load, again and again;
# it must be back soon.
# shellcheck shell=bash

restart_keys=1000000
restart_value_bytes=256
restart_ms_max=2000

# restart_load: sets every key once, in the inline form of Redis commands.
restart_load() {
  awk -v keys=$restart_keys -v bytes=$restart_value_bytes 'BEGIN {
    value = sprintf("%" bytes "s", ""); gsub(" ", "x", value)
    for (i = 0; i < keys; ++i) printf "SET key:%012d %s\r\n", i, value
  }' | redis-cli -p "$1" --pipe >>"$cluster_dir/benchmark.log" 2>&1 ||
    fail "loading failed; see $cluster_dir/benchmark.log"
}

# restart_churn ID: overwrites random keys with all that a peer takes, until the
# file `churn` is gone.
restart_churn() {
  while [ -e "$cluster_dir/churn" ]; do
    timeout 5 redis-benchmark -p "$(redis_port "$1")" -t set -c 64 -n 20000 \
      -r $restart_keys -d $restart_value_bytes -q \
      >>"$cluster_dir/benchmark.log" 2>&1 || sleep 0.1 # it was killed
  done
}

# restart_round NUMBER ID: kills the peer, starts it, prints how long it took.
restart_round() {
  local id=$2 found staged took
  kill_peer "$id"
  found=$(checkpointed_by "$id") || fail "cannot look at the data of peer $id"
  read -r _ staged <<<"$found"
  start_again "$id"
  printf '%6s  %5s  %8s  %10s\n' "$1" "$id" "$staged" "$took"
  [ "$took" -le $restart_ms_max ] ||
    fail "it took longer than $restart_ms_max ms"
}

end_restart() {
  rm -f "$cluster_dir/churn"
  [ ${#churn_pids[@]} -eq 0 ] || wait "${churn_pids[@]}" 2>/dev/null || true
  stop_cluster
  rm -rf "$cluster_dir"
}

soak_restart() {
  local rounds=20 round id keys
  while [ $# -gt 0 ]; do
    [ "$1" = --rounds ] || fail "soak restart knows --rounds N, but not '$1'"
    [[ ${2-} =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 wants a number from 1"
    rounds=$2
    shift 2
  done
  dev_setup
  configure "$build"
  build_targets "$build" raftd raftctl raftdump
  use_cluster "$(mktemp -d)" "$(pick_free_ports)"
  churn_pids=()
  trap end_restart EXIT
  start_cluster
  wait_for_leader
  say "$restart_keys keys of $restart_value_bytes bytes; a peer is killed at" \
    "full load and must be ready to vote within $restart_ms_max ms"
  restart_load "$(redis_port 1)"
  keys=$(redis-cli -p "$(redis_port 1)" dbsize)
  [ "$keys" = $restart_keys ] || fail "there are $keys keys"
  touch "$cluster_dir/churn"
  for id in "${peer_ids[@]}"; do
    restart_churn "$id" &
    churn_pids+=($!)
  done
  printf '%6s  %5s  %8s  %10s\n' round peer 'staged' 'ready/ms'
  for ((round = 1; round <= rounds; ++round)); do
    sleep $((2 + RANDOM % 6))
    id=${peer_ids[RANDOM % 3]}
    restart_round "$round" "$id"
    wait_for 60 has_leader || fail "no leader after a minute"
  done
  rm -f "$cluster_dir/churn"
  wait "${churn_pids[@]}"
  churn_pids=()
  wait_for 120 raftctl --timeout 10 digest --wait 10 >/dev/null ||
    fail "the peers do not agree after the load"
  say "Each peer was back in time, and all agree"
}
