# Three peers as three processes on this machine: for ./dev run, the demo and
# tests. The demo replaces them.
# shellcheck shell=bash

peer_ids=(1 2 3)
declare -A peer_pid=() # of the peers that run, by id

# use_cluster DIR PORT: says where data goes and which ports are used.
use_cluster() {
  cluster_dir=$1
  cluster_port=$2
}

peer_address() { echo "127.0.0.1:$((cluster_port + $1))"; }
redis_port() { echo $((cluster_port + 10 + $1)); }

# All addresses, as raftctl wants them.
peer_addresses() {
  local id all=()
  for id in "${peer_ids[@]}"; do
    all+=("$(peer_address "$id")")
  done
  (IFS=, && echo "${all[*]}")
}

raftctl() { "$build"/bin/raftctl --peers "$(peer_addresses)" "$@"; }

# port_in_use PORT: whether somebody waits there.
port_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# require_free_ports: fails if one of the ports is taken.
require_free_ports() {
  local id port
  for id in "${peer_ids[@]}"; do
    for port in $((cluster_port + id)) "$(redis_port "$id")"; do
      ! port_in_use "$port" ||
        fail "port $port is in use, perhaps by another ./dev run: end that," \
          "or choose other ports with --port"
    done
  done
}

# pick_free_ports: prints a base whose ports nobody uses.
pick_free_ports() {
  local base offset
  for _ in {1..50}; do
    base=$((20000 + RANDOM % 10000))
    for offset in {1..20}; do
      ! port_in_use $((base + offset)) || continue 2
    done
    echo "$base"
    return
  done
  fail "found no free ports on this machine"
}

# start_server ID COMMAND...: its log is DIR/ID.log. In a session of its own: Ctrl-C
# is for us, and we end the servers in good order.
start_server() {
  local id=$1
  shift
  setsid "$@" </dev/null >>"$cluster_dir/$id.log" 2>&1 &
  peer_pid[$id]=$!
}

# start_peer ID [RAFTD_OPTION...]: its data is DIR/ID.
start_peer() {
  local id=$1
  shift
  start_server "$id" "$build"/bin/raftd --id "$id" \
    --members "1=$(peer_address 1),2=$(peer_address 2),3=$(peer_address 3)" \
    --data "$cluster_dir/$id" --redis "127.0.0.1:$(redis_port "$id")" "$@"
}

# start_cluster [RAFTD_OPTION...]: the first start founds the cluster, later ones
# continue.
start_cluster() {
  local id options=("$@")
  mkdir -p "$cluster_dir"
  if [ ! -e "$cluster_dir/founded" ]; then
    options+=(--bootstrap)
  fi
  for id in "${peer_ids[@]}"; do
    start_peer "$id" "${options[@]}"
  done
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

kill_peer() {
  kill -KILL "${peer_pid[$1]}"
  wait "${peer_pid[$1]}" 2>/dev/null || true
}

# start_again ID: starts a peer that has ended, and puts into $took after how many
# milliseconds it is back.
start_again() {
  local before began
  before=$(lines_of "$1")
  began=$(now_ms)
  start_peer "$1"
  wait_for 60 has_more_lines "$1" "$before" ||
    fail "peer $1 is not back after a minute; see $cluster_dir/$1.log"
  took=$(($(now_ms) - began))
}

lines_of() { grep -c '^listening on' "$cluster_dir/$1.log" || true; }

has_more_lines() { [ "$(lines_of "$1")" -gt "$2" ]; }

peer_runs() { [ -n "${peer_pid[$1]:-}" ] && kill -0 "${peer_pid[$1]}" 2>/dev/null; }

# require_peers [ID...]: fails if one (any, if none is named) has ended, and shows why.
require_peers() {
  local id
  [ $# -gt 0 ] || set -- "${peer_ids[@]}"
  for id; do
    peer_runs "$id" || {
      complain "peer $id has ended; the end of $cluster_dir/$id.log:"
      tail -n 5 "$cluster_dir/$id.log" >&2
      exit 1
    }
  done
}

# status_of COLUMN ROLE [PEER]: a column of the peers in a role, as status shows
# them. No role: any.
status_of() {
  raftctl --timeout 2 status 2>/dev/null |
    awk -v column="$1" -v role="$2" -v peer="${3:-}" '
      NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
      NF == 0 { exit }
      NF != length(at) { next }
      (role == "" || $at["role"] == role) && (peer == "" || $1 == peer) {
        print $at[column]
      }' || true
}

# checkpointed_by ID: the last entry whose effects the key-value data of a peer have, and
# how many records of changes are staged, on their way to it.
checkpointed_by() {
  local text
  text=$("$build"/bin/raftdump "$cluster_dir/$1" --to 0) || return 1
  awk '
    /^  state +after entry/ { entry = $4 }
    /^  staged / { staged = $2 }
    END { print entry + 0, staged + 0 }' <<<"$text"
}

has_leader() { [ -n "$(status_of peer leader)" ]; }

leader_or_ended() {
  require_peers
  has_leader
}

# wait_for_leader: once there is one, the cluster counts as founded.
wait_for_leader() {
  wait_for 30 leader_or_ended ||
    fail "no leader after 30 seconds; see the logs $cluster_dir/*.log"
  touch "$cluster_dir/founded"
}

# stop_cluster: ends all peers cleanly; those that do not end are killed.
stop_cluster() {
  local id pid
  for id in "${!peer_pid[@]}"; do
    kill -TERM "${peer_pid[$id]}" 2>/dev/null || true
  done
  for id in "${!peer_pid[@]}"; do
    pid=${peer_pid[$id]}
    # shellcheck disable=SC2016
    wait_for 10 sh -c '! kill -0 "$1" 2>/dev/null' sh "$pid" || {
      complain "peer $id (process $pid) did not end in 10 seconds; killing it"
      kill -KILL "$pid" 2>/dev/null || true
    }
    wait "$pid" 2>/dev/null || true
  done
  peer_pid=()
}
