# ./dev bench compare: this project beside other systems, in turn, on this machine.
# shellcheck shell=bash

compare_usage="bench compare knows --systems, --clients, --operations, --values, --keys,
--rounds, --seconds, --quick, --data, --json, --svg, --etcd, --redis-server and --redisraft"

# Each system: start_SYSTEM starts it below $cluster_dir, waits until it serves, and puts
# the port of the server that gets the load into $compare_port.

start_ours() {
  start_cluster
  wait_for_leader
  compare_port=$(redis_port "$(status_of peer leader)")
}

# The same with clients at all peers.
start_ours_spread() {
  start_cluster
  wait_for_leader
  compare_port=$(redis_port 1),$(redis_port 2),$(redis_port 3)
}

# start_redis_server ID [OPTION...]: one that keeps its log where the others' are.
start_redis_server() {
  local id=$1
  shift
  mkdir -p "$cluster_dir/$id"
  start_server "$id" "$redis_server" --port "$(redis_port "$id")" --bind 127.0.0.1 \
    --dir "$cluster_dir/$id" --save '' "$@"
  wait_for 30 answers_ping "$id" || fail "redis-server does not answer; see $cluster_dir/$id.log"
}

answers_ping() { peer_runs "$1" && redis-cli -p "$(redis_port "$1")" ping >/dev/null 2>&1; }

start_redis() {
  start_redis_server 1 --appendonly yes --appendfsync always
  compare_port=$(redis_port 1)
}

# One member founds the cluster, the others join it.
start_redisraft() {
  local id
  for id in "${peer_ids[@]}"; do
    start_redis_server "$id" --loadmodule "$redisraft" --raft.log-fsync yes \
      --raft.addr "127.0.0.1:$(redis_port "$id")"
    wait_for 30 joins_redisraft "$id" ||
      fail "RedisRaft $id does not join; see $cluster_dir/$id.log"
  done
  wait_for 30 redisraft_leader || fail "RedisRaft has no leader after 30 seconds"
}

joins_redisraft() {
  local words=(init)
  [ "$1" = 1 ] || words=(join "127.0.0.1:$(redis_port 1)")
  redis-cli -p "$(redis_port "$1")" raft.cluster "${words[@]}" 2>&1 | grep -q '^OK'
}

redisraft_leader() {
  local id known=0
  compare_port=
  for id in "${peer_ids[@]}"; do
    case $(redis-cli -p "$(redis_port "$id")" info raft | tr -d '\r') in
      *raft_role:leader*raft_state:up* | *raft_state:up*raft_role:leader*)
        compare_port=$(redis_port "$id")
        ;;
      *raft_state:up*) known=$((known + 1)) ;;
    esac
  done
  [ -n "$compare_port" ] && [ "$known" -eq 2 ]
}

# The quota is the bound of what is stored in one run; the default is 2 GiB.
start_etcd() {
  local id cluster=
  for id in "${peer_ids[@]}"; do
    cluster+=${cluster:+,}$id=http://$(peer_address "$id")
  done
  for id in "${peer_ids[@]}"; do
    start_server "$id" "$etcd" --name "$id" --data-dir "$cluster_dir/$id" \
      --listen-peer-urls "http://$(peer_address "$id")" \
      --initial-advertise-peer-urls "http://$(peer_address "$id")" \
      --listen-client-urls "http://127.0.0.1:$(redis_port "$id")" \
      --advertise-client-urls "http://127.0.0.1:$(redis_port "$id")" \
      --initial-cluster "$cluster" --initial-cluster-state new \
      --logger zap --log-level warn --quota-backend-bytes $((8 << 30))
  done
  wait_for 30 etcd_leader || fail "etcd has no leader after 30 seconds; see $cluster_dir/*.log"
}

# etcd_metrics ID: what a member says of itself.
etcd_metrics() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$(redis_port "$1")"
    printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
    timeout 5 cat <&3
  ) 2>/dev/null || true
}

etcd_leader() {
  local id known=0 text
  require_peers
  compare_port=
  for id in "${peer_ids[@]}"; do
    text=$(etcd_metrics "$id")
    ! grep -q '^etcd_server_has_leader 1' <<<"$text" || known=$((known + 1))
    ! grep -q '^etcd_server_is_leader 1' <<<"$text" || compare_port=$(redis_port "$id")
  done
  [ -n "$compare_port" ] && [ "$known" -eq 3 ]
}

# find_program NAME PACKAGE...: prints where a program is; unpacks it from Debian's
# packages, below the build directory, where it is not installed. (To install them would
# start services.)
find_program() {
  local name=$1 dir=$build/compare
  shift
  if ! command -v "$name" >/dev/null && [ ! -x "$dir/usr/bin/$name" ]; then
    mkdir -p "$dir"
    (
      cd "$dir"
      apt-get download -qq "$@" >/dev/null 2>apt.log ||
        fail "cannot download $*: $(tail -n 1 apt.log); try apt-get update, or name a program"
      for package in *.deb; do
        dpkg-deb --extract "$package" .
        rm "$package"
      done
    )
  fi
  command -v "$name" || realpath --no-symlinks "$dir/usr/bin/$name"
}

# What raftd, redis-server, etcd say of their version, in one line.
version_of() {
  case $1 in
    ours*) git describe --always --dirty --abbrev=12 ;;
    etcd) "$etcd" --version | head -n 1 ;;
    redis) "$redis_server" --version | cut -d ' ' -f 1-3 ;;
    redisraft) echo "$redisraft on $(version_of redis)" ;;
  esac
}

# facts: what is known of this run, NAME=VALUE in each line.
facts() {
  local system
  echo "date=$(date -u '+%F %H:%M UTC')"
  echo "command=$compare_command"
  echo "machine=$(nproc) x $(sed -nE 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)," \
    "$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
    "$(uname -sr), $(df --output=fstype "$compare_dir" | tail -n 1) on" \
    "$(df --output=source "$compare_dir" | tail -n 1)"
  echo "load average=$compare_load before, $(cut -d ' ' -f 1 /proc/loadavg) after"
  for system in "${compare_systems[@]}"; do
    echo "$system=$(version_of "$system")"
  done
  [ ${#compare_failed[@]} -eq 0 ] || printf 'failed, and left out=%s\n' "${compare_failed[@]}"
}

# compare_once SYSTEM ROUND VALUE_BYTES: one system, from its start to its end. If it fails,
# its figures do not count; the others go on.
compare_once() {
  local system=$1 load=raft-compare-redis status
  [ "$system" != etcd ] || load=raft-compare-etcd
  use_cluster "$compare_dir/data" "$(pick_free_ports)"
  mkdir "$cluster_dir"
  "start_${system//-/_}"
  "$build/bin/$load" --system "$system" --round "$2" --ports "$compare_port" \
    --servers "$(IFS=, && echo "${peer_pid[*]}")" --data "$cluster_dir" \
    --to "$cluster_dir/measured" --keys "$compare_keys" --value-bytes "$3" \
    --clients "$compare_clients" --operations "$compare_operations" \
    --seconds "$compare_seconds" --seed "$2" && status=0 || status=$?
  [ "$status" -ne 2 ] || exit 2
  if [ "$status" -eq 0 ]; then
    cat "$cluster_dir/measured" >>"$compare_dir/measured"
  else
    complain "the ends of the logs of $system: $(tail -n 5 "$cluster_dir"/*.log)"
    compare_failed+=("$system in round $2 with values of $3 bytes")
  fi
  stop_cluster
  rm -rf "$cluster_dir"
}

# compare_floor ROUND VALUE_BYTES: what a SET of one client takes at least on this machine.
compare_floor() {
  mkdir "$compare_dir/floor"
  "$build/bin/raft-bench-floor" --data "$compare_dir/floor" --to "$compare_dir/floors" \
    --round "$1" --value-bytes "$2" --seconds "$compare_seconds"
  rm -rf "$compare_dir/floor"
}

# compare_options OPTION...: reads them into variables compare_*.
compare_options() {
  compare_systems=(ours redis etcd)
  compare_clients=1,16,64,256,64x16 compare_operations=set,get
  compare_values=(16 256 4096)
  compare_keys=100000 compare_rounds=3 compare_seconds=3
  compare_json='' compare_svg='' compare_data=$build etcd='' redis_server='' redisraft=''
  while [ $# -gt 0 ]; do
    if [ "$1" = --quick ]; then
      compare_clients=1,64,64x16 compare_values=(256) compare_keys=10000 compare_seconds=1
      shift
      continue
    fi
    [ $# -ge 2 ] || fail "$compare_usage; '$1' lacks its value or is none of them"
    case $1 in
      --systems) IFS=, read -ra compare_systems <<<"$2" ;;
      --clients) compare_clients=$2 ;;
      --operations) compare_operations=$2 ;;
      --values) IFS=, read -ra compare_values <<<"$2" ;;
      --keys) compare_keys=$2 ;;
      --rounds) compare_rounds=$2 ;;
      --seconds) compare_seconds=$2 ;;
      --data) compare_data=$(from_caller "$2") ;;
      --json) compare_json=$(from_caller "$2") ;;
      --svg) compare_svg=$(from_caller "$2") ;;
      --etcd) etcd=$(from_caller "$2") ;;
      --redis-server) redis_server=$(from_caller "$2") ;;
      --redisraft) redisraft=$(from_caller "$2") ;;
      *) fail "$compare_usage, but not '$1'" ;;
    esac
    shift 2
  done
  check_compare_options
}

# from_caller FILE: its name from here, where the user gave it from another directory.
from_caller() { (cd "$called_from" && realpath --no-symlinks "$1"); }

check_compare_options() {
  local system
  [[ $compare_rounds =~ ^[1-9][0-9]{0,2}$ ]] || fail "--rounds wants a number from 1"
  [ -z "$redisraft" ] || [ -n "$redis_server" ] ||
    fail "--redisraft needs --redis-server, the program that the module was built for"
  [ -z "$redisraft" ] || [[ " ${compare_systems[*]} " = *" redisraft "* ]] ||
    compare_systems+=(redisraft)
  for system in "${compare_systems[@]}"; do
    case $system in
      ours | ours-spread | etcd | redis) ;;
      redisraft) [ -n "$redisraft" ] || fail "redisraft needs --redisraft MODULE" ;;
      *) fail "--systems knows ours, ours-spread (clients at all peers), redis, etcd and redisraft, but not '$system'" ;;
    esac
  done
}

# prepare_compare: builds and finds what the chosen systems need.
prepare_compare() {
  local targets=(raftd raftctl raft-bench-floor raft-compare-redis raft-compare-report)
  dev_setup
  if [[ " ${compare_systems[*]} " = *" etcd "* ]]; then
    install libnghttp2-dev
    targets+=(raft-compare-etcd)
    [ -n "$etcd" ] || etcd=$(find_program etcd etcd-server)
  fi
  if [[ " ${compare_systems[*]} " = *" redis "* && -z $redis_server ]]; then
    redis_server=$(find_program redis-server redis-server redis-tools)
  fi
  configure "$build"
  build_targets "$build" "${targets[@]}"
}

bench_compare() {
  local round value system known floors=()
  compare_command="./dev bench compare $*"
  compare_options "$@"
  prepare_compare
  mkdir -p "$compare_data"
  compare_dir=$(mktemp -d "$compare_data/compare.XXXXXX")
  trap 'stop_cluster; rm -rf "$compare_dir"' EXIT
  [ "$(stat -f -c %T "$compare_dir")" != tmpfs ] ||
    complain "$compare_dir is in memory, so a sync costs nothing: choose a disk with --data"
  compare_failed=()
  compare_load=$(cut -d ' ' -f 1 /proc/loadavg)
  for ((round = 1; round <= compare_rounds; ++round)); do
    say "Round $round of $compare_rounds"
    for value in "${compare_values[@]}"; do
      for system in "${compare_systems[@]}"; do
        compare_once "$system" "$round" "$value"
        [ "$system" != ours ] || compare_floor "$round" "$value"
      done
    done
  done
  readarray -t known < <(facts)
  echo
  [ ! -s "$compare_dir/floors" ] || floors=(--floors "$compare_dir/floors")
  "$build"/bin/raft-compare-report --from "$compare_dir/measured" "${floors[@]}" \
    ${compare_json:+--json "$compare_json"} ${compare_svg:+--svg "$compare_svg"} \
    -- "${known[@]}"
  [ ${#compare_failed[@]} -eq 0 ] ||
    fail "a system failed ${#compare_failed[@]} times, for the reasons above"
}
