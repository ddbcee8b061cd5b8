# ./dev run: three peers on this machine, until Ctrl-C.
# shellcheck shell=bash

# How a process ended, from the status that the shell reports.
describe_end() {
  if [ "$1" -gt 128 ]; then
    echo "was ended by SIG$(kill -l "$1")"
  else
    echo "ended with exit code $1"
  fi
}

show_cluster() {
  local id raftctl
  raftctl=$(printf '%q' "$(cd "$build/bin" && pwd)/raftctl")
  printf '\nThree peers run; data and logs are in %s\n\n' "$cluster_dir"
  for id in "${peer_ids[@]}"; do
    printf '  peer %d   %s   Redis 127.0.0.1:%d   process %d\n' "$id" \
      "$(peer_address "$id")" "$(redis_port "$id")" "${peer_pid[$id]}"
  done
  cat <<TEXT

Talk to them from another terminal:

  export RAFT_PEERS=$(peer_addresses)
  $raftctl status
  $raftctl put color blue
  redis-cli -p $(redis_port 1) get color
  $raftctl --help

Ctrl-C ends them.
TEXT
}

# Reports peers that end, until none is left.
watch_peers() {
  local id pid status
  while [ ${#peer_pid[@]} -gt 0 ]; do
    status=0
    # The shell has its own words for killed processes: away with them.
    { wait -n -p pid "${peer_pid[@]}" || status=$?; } 2>/dev/null
    for id in "${!peer_pid[@]}"; do
      [ "${peer_pid[$id]}" = "${pid:-}" ] || continue
      complain "peer $id (process $pid) $(describe_end "$status"); its log is" \
        "$cluster_dir/$id.log"
      unset "peer_pid[$id]"
      [ ${#peer_pid[@]} -ne 1 ] ||
        complain "one peer alone is no majority: nothing will be committed"
    done
  done
  fail "no peer is left"
}

end_run() {
  # A second Ctrl-C must not leave peers behind; to end them is bounded.
  trap '' INT TERM HUP
  trap - EXIT
  echo
  say "Ending the peers"
  stop_cluster
  exit "$1"
}

dev_run() {
  local data=$root/data port=7400
  while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "run knows --data DIR and --port N, but not '$1'"
    case $1 in
      --data)
        data=$2
        case $data in /*) ;; *) data=$called_from/$data ;; esac
        shift 2
        ;;
      --port)
        port=$2
        [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65000 ]] ||
          fail "--port $port: expected a number from 1 to 65000"
        shift 2
        ;;
      *) fail "run knows --data DIR and --port N, but not '$1'" ;;
    esac
  done
  dev_setup
  configure "$build"
  build_targets "$build" raftd raftctl
  use_cluster "$data" "$port"
  require_free_ports
  trap 'end_run 0' INT TERM HUP
  trap 'stop_cluster' EXIT
  start_cluster
  wait_for_leader
  show_cluster
  watch_peers
}
