# ./dev soak load: full load for minutes; memory and files must stay bounded, also while
# one of three peers is away all the time.
# shellcheck shell=bash

load_keys=100000
load_value_bytes=256
load_chunk=10000 # commands of one run of redis-benchmark
sample_seconds=5

# What memory may grow after the first minute, in MiB: buffers of the allocator
# come and go.
memory_tolerance=32
# What docs/operating.md says of the files, in MiB.
log_file_max=256
data_file_max=256

mib() { echo $(($1 / 1048576)); }

# memory_of ID: memory of a peer that is no file, in bytes.
memory_of() {
  awk '/^RssAnon/ { print $2 * 1024 }' "/proc/${peer_pid[$1]}/status"
}

# file_bytes FILE: 0 if it is not there yet.
file_bytes() { stat -c %s "$1" 2>/dev/null || echo 0; }

# load_until SECONDS: sets random keys with all that the peers can take, and adds
# a line to the file of chunks for each run.
load_until() {
  local id left
  while [ "$SECONDS" -lt "$1" ]; do
    for id in "${loaded[@]}"; do
      left=$(($1 - SECONDS))
      [ "$left" -gt 0 ] || break
      timeout "$left" redis-benchmark -p "$(redis_port "$id")" -t set -c 64 \
        -P "$load_pipeline" -n "$load_chunk" -r "$load_keys" -d "$load_value_bytes" -q \
        >>"$cluster_dir/benchmark.log" 2>&1 || continue # time was up
      echo "$load_chunk" >>"$cluster_dir/chunks"
    done
  done
}

# take_sample: keeps the largest figures since the last row.
take_sample() {
  local id value
  for id in "${loaded[@]}"; do
    value=$(memory_of "$id")
    [ "$value" -le "$most_memory" ] || most_memory=$value
    value=$(file_bytes "$cluster_dir/$id/data.mdb")
    [ "$value" -le "$most_log" ] || most_log=$value
    value=$(file_bytes "$cluster_dir/$id/kv-1/data.mdb")
    [ "$value" -le "$most_data" ] || most_data=$value
  done
}

commands_done() {
  awk '{ sum += $1 } END { print sum + 0 }' "$cluster_dir/chunks"
}

# minute_of_load NUMBER: samples for a minute, prints a row, and complains.
minute_of_load() {
  local end=$((load_begin + 60 * $1)) before
  before=$(commands_done)
  most_memory=0 most_log=0 most_data=0
  while [ "$SECONDS" -lt "$end" ]; do
    require_peers "${loaded[@]}"
    take_sample
    sleep "$sample_seconds"
  done
  printf '%6s  %10s  %10s  %10s  %10s\n' "$1" \
    $((($(commands_done) - before) / 60)) "$(mib "$most_memory")" \
    "$(mib "$most_log")" "$(mib "$most_data")"
  [ "$1" -gt 1 ] || first_memory=$most_memory
  [ "$(mib "$most_memory")" -le $(($(mib "$first_memory") + memory_tolerance)) ] ||
    fail "memory grew from $(mib "$first_memory") MiB in the first minute to" \
      "$(mib "$most_memory") MiB; $memory_tolerance MiB more were allowed"
  [ "$(mib "$most_log")" -le $log_file_max ] ||
    fail "the file of a log is longer than $log_file_max MiB"
  [ "$(mib "$most_data")" -le $data_file_max ] ||
    fail "the file of the key-value data is longer than $data_file_max MiB"
}

end_load() {
  if [ -n "$load_pid" ]; then
    # The benchmark that it waits for ends when the peers do.
    kill "$load_pid" 2>/dev/null || true
    wait "$load_pid" 2>/dev/null || true
  fi
  stop_cluster
  rm -rf "$cluster_dir"
}

soak_load() {
  local minutes=10 minute load_pipeline=1 loaded=("${peer_ids[@]}")
  while [ $# -gt 0 ]; do
    if [ "$1" = --absent ]; then
      unset 'loaded[-1]'
      shift
      continue
    fi
    [[ ${2-} =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 wants a number from 1"
    case $1 in
      --minutes) minutes=$2 ;;
      --pipeline) load_pipeline=$2 ;;
      *) fail "soak load knows --minutes N, --pipeline N and --absent, but not '$1'" ;;
    esac
    shift 2
  done
  dev_setup
  configure "$build"
  build_targets "$build" raftd raftctl
  use_cluster "$(mktemp -d)" "$(pick_free_ports)"
  load_pid=
  trap end_load EXIT
  start_cluster
  wait_for_leader
  [ ${#loaded[@]} -eq ${#peer_ids[@]} ] || kill_peer "${peer_ids[-1]}"
  say "$minutes minutes of SET, $load_keys keys of $load_value_bytes bytes, at" \
    "${#loaded[@]} of three peers; the largest of them in each minute"
  printf '%6s  %10s  %10s  %10s  %10s\n' minute commands/s memory/MiB \
    log/MiB data/MiB
  : >"$cluster_dir/chunks"
  load_begin=$SECONDS
  load_until $((load_begin + 60 * minutes)) &
  load_pid=$!
  for ((minute = 1; minute <= minutes; ++minute)); do
    minute_of_load "$minute"
  done
  wait "$load_pid"
  load_pid=
  say "$(mib $(($(commands_done) * load_value_bytes))) MiB were written, over the same" \
    "$(mib $((load_keys * load_value_bytes))) MiB again and again"
  [ ${#loaded[@]} -eq ${#peer_ids[@]} ] || start_peer "${peer_ids[-1]}"
  wait_for 60 raftctl --timeout 10 digest --wait 10 >/dev/null ||
    fail "the peers do not agree after the load"
  say "Memory and files stayed within their bounds, and the peers agree"
}
