#!/usr/bin/env bash
# What docs/operating.md tells people to type: each walk's commands, as they
# stand there, on machines that are directories and ports of this one. The build
# directory comes from RAFT_BUILD.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
page=$PWD/docs/operating.md
programs=$(cd "${RAFT_BUILD:-build}/bin" && pwd)
# shellcheck source=scripts/common.sh
source scripts/common.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh

scratch=$(mktemp -d)
mkdir "$scratch/work"
cd "$scratch/work"
port=$(pick_free_ports)
machine=1 # where the next command runs
unset RAFT_PEERS

end_test() {
  local status=$?
  trap - EXIT
  for machine in "${!peer_pid[@]}"; do
    kill -KILL "${peer_pid[$machine]}" 2>/dev/null || true
  done
  [ "$status" -eq 0 ] || tail -n 20 "$scratch"/*.log "$scratch/said" || true
  rm -rf "$scratch"
  exit "$status"
}
trap end_test EXIT

# -- what people have on their machines ---------------------------------------

here() { echo "$scratch/machine$machine$1"; }

# Starts a peer there.
raftd() {
  local arguments=() x before='' log=$scratch/machine$machine.log
  for x in "$@"; do
    [ "$before" != --data ] || x=$(here "$x")
    arguments+=("$x")
    before=$x
  done
  mkdir -p "$(here /var/lib)"
  : >"$scratch/listening"
  setsid "$programs/raftd" "${arguments[@]}" </dev/null \
    >"$scratch/listening" 2>>"$log" &
  peer_pid[$machine]=$!
  wait_for 60 grep -q listening "$scratch/listening"
}

raftctl() {
  local arguments=() x
  for x in "$@"; do
    [[ $x != /* ]] || x=$(here "$x")
    arguments+=("$x")
  done
  timeout 120 "$programs/raftctl" --timeout 60 "${arguments[@]}" </dev/null
}

# Ends the one peer of the machine.
pkill() {
  [ "$*" = raftd ] || fail "pkill $*"
  kill -TERM "${peer_pid[$machine]}"
  wait "${peer_pid[$machine]}" || fail "the peer of machine $machine failed"
  unset "peer_pid[$machine]"
}

# Copies a directory to another machine.
mv() { command mv "$(here "$1")" "$(here "$2")"; }

scp() {
  local from=$2 to=$3
  from=$(here "$from")
  local machine=${to%%:*}
  machine=${machine##*.}
  mkdir -p "$(dirname "$(here "${to#*:}")")"
  cp -a "$from" "$(here "${to#*:}")"
}

# A machine is lost.
lose() {
  machine=$1
  kill -KILL "${peer_pid[$machine]}"
  wait "${peer_pid[$machine]}" 2>/dev/null || true
  unset "peer_pid[$machine]"
}

lose_all() {
  local all=("${!peer_pid[@]}") x
  for x in "${all[@]}"; do
    lose "$x"
  done
  rm -rf "$scratch"/machine*
}

# -- what the page says --------------------------------------------------------

# lines_of WALK EDIT: its commands, one a line, with our addresses.
lines_of() {
  sed -n "/^<!-- walk: $1\(;.*\)\? -->\$/,/^<!-- end -->\$/s/^    //p" "$page" |
    sed -E -e ':more' -e '/\\$/{N; s/\\\n *//; b more}' | sed -E "$2" |
    sed -E -e "s/10\.0\.0\.([0-9]+):7400/127.0.0.1:@\1@/g" \
      -e 's/--redis [^ ]+//' |
    awk -v port="$port" '{
      while (match($0, /@[0-9]+@/))
        $0 = substr($0, 1, RSTART - 1) \
          (port + substr($0, RSTART + 1, RLENGTH - 2)) substr($0, RSTART + RLENGTH)
      print
    }'
}

# run LINE: a command, on the machine of its peer, or the one that was named.
run() {
  local line=$1
  printf '%s: %s\n' "$machine" "$line" >>"$scratch/said"
  case $line in
    '# on 10.0.0.'*)
      machine=${line##*.}
      named=yes
      ;;
    '#'*) ;;
    'raftctl status' | 'raftctl digest')
      # Somebody may just have been elected.
      wait_for 60 raftctl "${line#raftctl }" >>"$scratch/said" 2>&1 ||
        fail "$line never finds all well"
      ;;
    *)
      if [ -z "$named" ] && [[ $line =~ ^raftd\ --id\ ([0-9]+) ]]; then
        machine=${BASH_REMATCH[1]}
      fi
      eval "$line" >>"$scratch/said" 2>&1 || fail "failed: $line"
      ;;
  esac
}

# walk NAME [EDIT]: its commands; where the page says that they are for several
# machines, on each of these. EDIT is for sed.
walk() {
  local name=$1 edit=${2:-} lines line peers peer named
  lines=$(lines_of "$name" "$edit")
  [ -n "$lines" ] || fail "there is no walk '$name' in docs/operating.md"
  peers=$(sed -n "s/^<!-- walk: $name; on \(.*\) -->\$/\1/p" "$page")
  for peer in ${peers:-0}; do
    named=
    [ "$peer" = 0 ] || machine=$peer
    while IFS= read -r line; do
      [ "$peer" = 0 ] || line=${line/--id 1 /--id $peer }
      run "$line"
    done <<<"$lines"
  done
  say "$name"
}

# as OLD NEW...: an edit that makes one peer, and its machine, another one.
as() { printf 's/\\b%s\\b/%s/g;' "$@"; }

# expect WHAT COMMAND...: the last line that it prints.
expect() {
  local what=$1 seen
  shift
  seen=$("$@" 2>>"$scratch/said" | tail -n 1) || true
  [ "$seen" = "$what" ] || fail "$*: '$seen', not '$what'"
}

# voters LIST: who they are, by the leader.
voters() {
  local seen
  seen=$(raftctl member list | awk '$0 ~ / voter / { print $1 }' | xargs)
  [ "$seen" = "$*" ] || fail "the voters are $seen, not $*"
}

# -- three peers ---------------------------------------------------------------

walk found
walk look
raftctl put color blue
lose 3
rm -rf "$scratch/machine3"
walk replace
voters 1 2 4
walk look # Its addresses are those of the founders: 3 is gone, 4 is not named.
expect blue raftctl get color
lose_all

# -- from one to five, and back -------------------------------------------------

machine=1
raftd --id 1 --members "1=127.0.0.1:$((port + 1))" --data /var/lib/raft \
  --bootstrap
export RAFT_PEERS=127.0.0.1:$((port + 1))
raftctl put color green
walk grow
voters 1 2 3
walk look # From now on it knows more than the first one.
walk grow "$(as 2 4 3 5)"
voters 1 2 3 4 5
walk shrink
walk shrink "$(as 5 4)"
voters 1 2 3
walk move
walk 'move with directory'
voters 2 3 6
wait_for 60 raftctl status >>"$scratch/said" || fail "all is not well"
expect green raftctl get color
lose_all

# -- upgraded, backed up, restored ----------------------------------------------

walk found
walk look
walk upgrade
raftctl put color red
walk 'back up'
raftctl put color yellow
walk increments
walk merge
expect yellow raftctl get color
raftctl put color none
lose_all
walk restore
walk compare
expect red raftctl get color
lose_all
walk restore 's/monday.snapshot/all.snapshot/'
walk compare
expect yellow raftctl get color

# -- damaged -----------------------------------------------------------------

lose 3
rm -r "$(here /var/lib/raft/kv-1)"
walk repair
walk compare
expect yellow raftctl get color
lose 3
walk 'repair by another'
voters 1 2 4
walk compare
lose_all
walk restore 's/monday.snapshot/all.snapshot/'

# -- and lost, all but one -------------------------------------------------------

lose 1
lose 2
lose 3
machine=3
mkdir "$(here /mnt)"
cp -a "$scratch/machine2/var/lib/raft" "$(here /mnt/2)"
cp -a "$scratch/machine3/var/lib/raft" "$(here /mnt/3)"
walk survivors
walk recover 's/$/ --yes/'
walk 'go on alone'
export RAFT_PEERS=127.0.0.1:$((port + 3))
expect yellow raftctl get color
