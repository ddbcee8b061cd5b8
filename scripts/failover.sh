# ./dev bench failover: how long nobody is served when the leader is killed, or
# stopped.
# shellcheck shell=bash

# failover_once SYSTEM: puts the milliseconds into $took; see bench/failover.hpp.
failover_once() {
  local load=raft-compare-redis id leader ports=()
  [ "$1" != etcd ] || load=raft-compare-etcd
  use_cluster "$compare_dir/data" "$(pick_free_ports)"
  mkdir "$cluster_dir"
  "start_$1"
  for id in "${peer_ids[@]}"; do
    [ "$(redis_port "$id")" = "$compare_port" ] && leader=$id || ports+=("$(redis_port "$id")")
  done
  took=$("$build/bin/$load" failover "${how[@]}" --kill "${peer_pid[$leader]}" \
    --ports "$(IFS=, && echo "${ports[*]}")") ||
    fail "$1 does not serve; the ends of the logs: $(tail -n 5 "$cluster_dir"/*.log)"
  wait "${peer_pid[$leader]}" 2>/dev/null || true
  unset "peer_pid[$leader]"
  stop_cluster
  rm -rf "$cluster_dir"
}

bench_failover() {
  local round system took how=()
  failover_options "$@"
  prepare_compare
  mkdir -p "$compare_data"
  compare_dir=$(mktemp -d "$compare_data/failover.XXXXXX")
  trap 'stop_cluster; rm -rf "$compare_dir"' EXIT
  if [ ${#how[@]} -eq 0 ]; then
    say "Milliseconds from the kill of the leader until clients of both others are served"
  else
    say "Longest wait of clients of both others when the leader is stopped, in milliseconds"
  fi
  for ((round = 1; round <= compare_rounds; ++round)); do
    for system in "${compare_systems[@]}"; do
      failover_once "$system"
      printf '%5d  %-6s %6d\n' "$round" "$system" "$took"
      echo "$took" >>"$compare_dir/$system"
    done
  done
  for system in "${compare_systems[@]}"; do
    say "Median of $system: $(median <"$compare_dir/$system") ms"
  done
}

failover_options() {
  local usage="bench failover knows --stop, --systems, --rounds, --data and --etcd" system
  compare_systems=(ours etcd) compare_rounds=9 compare_data=$build etcd='' redis_server='' redisraft=''
  while [ $# -gt 0 ]; do
    if [ "$1" = --stop ]; then
      how=(--stop)
      shift
      continue
    fi
    [ $# -ge 2 ] || fail "$usage; '$1' lacks its value or is none of them"
    case $1 in
      --systems) IFS=, read -ra compare_systems <<<"$2" ;;
      --rounds) compare_rounds=$2 ;;
      --data) compare_data=$(from_caller "$2") ;;
      --etcd) etcd=$(from_caller "$2") ;;
      *) fail "$usage, but not '$1'" ;;
    esac
    shift 2
  done
  check_compare_options
  for system in "${compare_systems[@]}"; do
    case $system in
      ours | etcd) ;;
      *) fail "bench failover measures ours and etcd, but not '$system'" ;;
    esac
  done
}
