# What ./dev demo goes on with: a machine is lost, all are moved, and a backup
# becomes another cluster.
# shellcheck shell=bash

# Prints how many seconds have passed since a time that `now` gave.
since() { awk -v begin="$1" -v end="$(now)" 'BEGIN { printf "%.1f", end - begin }'; }

# end_peer ID SIGNAL
end_peer() {
  local pid=${peer_pid[$1]}
  kill -"$2" "$pid"
  { wait "$pid"; } 2>/dev/null || true
  unset "peer_pid[$1]"
}

# join_peer ID: starts a peer with an empty directory that waits to be taken in.
join_peer() {
  start_server "$1" "$build"/bin/raftd --id "$1" --join \
    --members "$1=$(peer_address "$1")" --data "$cluster_dir/$1" \
    --redis "127.0.0.1:$(redis_port "$1")"
  wait_for 30 port_in_use $((cluster_port + $1)) ||
    demo_fails "peer $1 does not start; see $cluster_dir/$1.log"
}

# take_place OLD NEW: has a new peer take the place of another one.
take_place() {
  join_peer "$2"
  raftctl --timeout 60 member replace "$1" "$2" "$(peer_address "$2")" --wait \
    >>"$cluster_dir/members.log" 2>&1 ||
    demo_fails "peer $2 does not take the place of peer $1; see" \
      "$cluster_dir/members.log"
  peer_ids=("${peer_ids[@]/#$1/$2}")
}

# Deletes the directory of a peer that does not lead, and replaces it by peer 4.
# Sets `took_replace`.
replace_lost_peer() {
  local lost begin
  for lost in "${peer_ids[@]}"; do
    [ "$(status_of role '' "$lost")" = leader ] || break
  done
  end_peer "$lost" KILL
  rm -rf "${cluster_dir:?}/$lost"
  tell "Peer $lost and its directory are gone; peer 4 takes its place"
  begin=$(now)
  take_place "$lost" 4
  took_replace=$(since "$begin")
}

# Moves all peers to new ports, one by one. Sets `took_move`.
move_all_peers() {
  local begin old new=5
  begin=$(now)
  for old in "${peer_ids[@]}"; do
    tell "Peer $new takes the place of peer $old"
    take_place "$old" "$new"
    end_peer "$old" TERM
    new=$((new + 1))
  done
  took_move=$(since "$begin")
}

# digest_of ADDRESSES: what all peers there hold, as one hash. Fails if they
# differ.
digest_of() {
  "$build"/bin/raftctl --peers "$1" digest --wait 60 >"$cluster_dir/digest.txt" \
    2>&1 && awk 'NR == 2 { print $NF }' "$cluster_dir/digest.txt" | grep .
}

# Makes another cluster of a backup, and compares both. Sets `took_backup` and
# `took_restore`.
back_up_and_restore() {
  local begin id members=() addresses file=$cluster_dir/backup.snapshot
  tell "Backing up"
  begin=$(now)
  raftctl --timeout 60 backup "$file" >>"$cluster_dir/members.log" 2>&1 ||
    demo_fails "there is no backup; see $cluster_dir/members.log"
  took_backup=$(since "$begin")
  tell "Founding another cluster from the backup"
  begin=$(now)
  for id in 8 9 10; do
    members+=("$id=$(peer_address "$id")")
  done
  members=$(IFS=, && echo "${members[*]}")
  for id in 8 9 10; do
    start_server "$id" "$build"/bin/raftd --id "$id" --members "$members" \
      --restore "$file" --data "$cluster_dir/$id"
  done
  addresses=$(sed -E 's/[0-9]+=//g' <<<"$members")
  local ours theirs
  theirs=$(wait_for 60 digest_of "$addresses") ||
    demo_fails "the restored peers do not agree; see $cluster_dir/digest.txt"
  "$build"/bin/raftctl --peers "$addresses" --timeout 60 put demo done ||
    demo_fails "the restored cluster takes no command"
  took_restore=$(since "$begin")
  ours=$(digest_of "$(peer_addresses)") || demo_fails "the peers differ"
  [ "$ours" = "$theirs" ] ||
    demo_fails "the restored cluster holds something else: $theirs, not $ours"
  tell "Both clusters answer with the digest $ours"
}

# All of it, while the file is loaded again.
demo_members() {
  local file=$1 rate=$2
  say "Loading the packages again"
  raftctl --timeout 60 load --rate "$rate" "$file" \
    >"$cluster_dir/load_again.log" &
  load_pid=$!
  replace_lost_peer
  move_all_peers
  load_runs || tell "All was loaded before all were moved"
  wait "$load_pid" ||
    demo_fails "not all was loaded; see $cluster_dir/load_again.log"
  load_pid=
  raftctl --timeout 60 scan >"$cluster_dir/scanned.tsv"
  LC_ALL=C sort "$cluster_dir/scanned.tsv" | diff - "$file" \
    >"$cluster_dir/scan.diff" ||
    demo_fails "raftctl scan shows other pairs than were loaded; see" \
      "$cluster_dir/scan.diff"
  back_up_and_restore
}

show_member_figures() {
  printf '%-38s %10s\n' \
    "Seconds to replace a lost machine" "$took_replace" \
    "Seconds to move all three" "$took_move" \
    "Seconds to back up" "$took_backup" \
    "Seconds to restore another cluster" "$took_restore"
}
