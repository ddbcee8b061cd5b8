# ./dev demo: real data, a leader that is killed while it loads, a check of every
# key afterwards, and then what demo_members.sh does.
# shellcheck shell=bash

# Prints one line per package: name, tab, version and description, which are
# separated by an escaped tab. Reads what apt-cache dumpavail prints.
packages_as_tsv() {
  awk '
    function clean(text) {
      gsub(/\\/, "&&", text)
      gsub(/[\t\r]/, " ", text)
      return text
    }
    function print_package() {
      if (name != "" && !(name in seen))
        print clean(name) "\t" clean(version) "\\t" clean(description)
      seen[name] = 1
      name = version = description = field = ""
    }
    /^$/ { print_package(); next }
    /^[^ \t:]+:/ {
      field = substr($0, 1, index($0, ":") - 1)
      value = substr($0, index($0, ":") + 1)
      sub(/^[ \t]+/, "", value)
      if (field == "Package") name = value
      if (field == "Version") version = value
      if (field ~ /^Description(-en)?$/) { description = value; field = "text" }
      next
    }
    # A description may have more lines: they are joined.
    /^[ \t]/ && field == "text" {
      line = $0
      sub(/^[ \t]+/, "", line)
      description = description " " line
    }
    END { print_package() }'
}

# The packages that can be installed, or else those that are.
collect_packages() {
  {
    apt-cache dumpavail 2>/dev/null || true
  } | packages_as_tsv >"$1"
  [ -s "$1" ] ||
    dpkg-query --show --showformat \
      'Package: ${Package}\nVersion: ${Version}\nDescription: ${Description}\n\n' |
    packages_as_tsv >"$1"
  [ -s "$1" ] || fail "found no packages: is this Debian?"
}

# now: seconds, with a fraction.
now() { date +%s.%N; }

applied_reaches() {
  local applied
  applied=$(status_of applied leader | sort -n | tail -n 1)
  [ -n "$applied" ] && [ "$applied" -ge "$1" ]
}

# tell TEXT...: like say, but over the progress bar, which draws itself again.
tell() {
  [ ! -t 1 ] || printf '\r\033[K'
  say "$@"
}

load_runs() { kill -0 "$load_pid" 2>/dev/null; }

# Sets `applied` to how far the peer that was killed is.
tells_applied() {
  applied=$(status_of applied '' "$killed")
  [[ $applied =~ ^[0-9]+$ ]]
}

applied_or_ended() { ! load_runs || applied_reaches "$1"; }

# Compares what all keys read back with the file, through raftctl and through
# redis-cli at the given peer.
check_all_keys() {
  local file=$1 peer=$2
  raftctl --timeout 60 scan >"$cluster_dir/scanned.tsv"
  LC_ALL=C sort "$cluster_dir/scanned.tsv" |
    diff - "$file" >"$cluster_dir/scan.diff" ||
    demo_fails "raftctl scan shows other pairs than were loaded; see" \
      "$cluster_dir/scan.diff"
  # Values come back one per line, as there is no newline in them.
  cut -f 1 "$file" | xargs -n 100 echo MGET |
    timeout 300 redis-cli --raw -p "$(redis_port "$peer")" |
    sed -e 's/\\/\\\\/g' -e 's/\t/\\t/g' >"$cluster_dir/values.txt"
  cut -f 1 "$file" | paste - "$cluster_dir/values.txt" |
    diff - "$file" >"$cluster_dir/redis.diff" ||
    demo_fails "redis-cli shows other values than were loaded; see" \
      "$cluster_dir/redis.diff"
}

demo_fails() {
  complain "$@"
  complain "data and logs are kept in $cluster_dir"
  exit 1
}

end_demo() {
  local status=$?
  trap '' INT TERM HUP
  trap - EXIT
  [ -z "${load_pid:-}" ] || kill "$load_pid" 2>/dev/null || true
  stop_cluster
  [ "$status" -ne 0 ] || rm -rf "$cluster_dir"
  exit "$status"
}

# Sets `killed` to who leads.
one_leads() {
  killed=$(status_of peer leader)
  [[ $killed =~ ^[123]$ ]]
}

# Kills the leader while the load runs; sets `killed`.
kill_leader() {
  wait_for 60 applied_or_ended "$1" || demo_fails "nothing was loaded"
  wait_for 30 one_leads || demo_fails "there is no one leader: '$killed'"
  load_runs || demo_fails "the load ended before the leader was killed"
  kill -KILL "${peer_pid[$killed]}"
  { wait "${peer_pid[$killed]}"; } 2>/dev/null || true
  unset "peer_pid[$killed]"
  tell "Killed the leader, peer $killed, while the load goes on"
}

# figure NAME PATTERN FILE: what the pattern's group matches in the last line
# that it fits.
figure() {
  local found
  found=$(sed -nE "s/$2/\\1/p" "$3" | tail -n 1)
  [ -n "$found" ] || demo_fails "found no figure for '$1' in $3"
  echo "$found"
}

# show_figures LOAD_LOG LOG APPLIED RATE: the logs of the load and of the peer
# that was killed, and what that peer has applied; the rate is empty if the load
# ran freely.
show_figures() {
  local load_log=$1 restarted_log=$2 applied=$3 held
  held=$(figure held '.*the log on the disk holds entries [0-9]+ to ([0-9]+),.*' \
    "$restarted_log")
  printf '\n'
  printf '%-38s %10s\n' \
    "Commands" "$(figure commands '^([0-9]+) of .*' "$load_log")" \
    "Seconds" "$(figure seconds '.* in ([0-9.]+) s, .*' "$load_log")" \
    "Commands a second${4:+ (held back)}" \
    "$(figure rate '.* ([0-9]+) a second' "$load_log")" \
    "Seconds without a leader, at most" \
    "$(figure wait '.*acknowledgement: ([0-9.]+) s' "$load_log")" \
    "Last entry on peer ${killed}'s disk" "$held" \
    "Entries sent to it when it was back" $((applied - held))
}

dev_demo() {
  local small= file lines applied rate=()
  case ${1:-} in
    '') ;;
    --small) small=yes ;;
    *) fail "demo knows --small, but not '$1'" ;;
  esac
  dev_setup
  configure "$build"
  build_targets "$build" raftd raftctl
  use_cluster "$(mktemp -d "${TMPDIR:-/tmp}/raft-demo.XXXXXX")" \
    "$(pick_free_ports)"
  load_pid= killed=
  trap end_demo EXIT
  trap 'exit 130' INT TERM

  file=$cluster_dir/packages.tsv
  collect_packages "$cluster_dir/all.tsv"
  if [ -n "$small" ]; then
    head -n 3000 "$cluster_dir/all.tsv" >"$file"
  else
    mv "$cluster_dir/all.tsv" "$file"
  fi
  LC_ALL=C sort -o "$file" "$file"
  lines=$(wc -l <"$file")
  # So few that they would be loaded before the leader can be killed.
  [ "$lines" -ge 20000 ] || rate=(--rate $((lines / 10 + 1)))

  say "Starting three peers in $cluster_dir"
  start_cluster
  wait_for_leader
  raftctl status || true # others may not have heard of the leader yet
  say "Loading $lines packages"
  raftctl --timeout 60 load "${rate[@]}" "$file" >"$cluster_dir/load.log" &
  load_pid=$!
  kill_leader $((lines / 4))
  wait_for 60 applied_or_ended $((lines / 2)) ||
    demo_fails "the load does not go on"
  tell "Starting peer $killed again"
  start_peer "$killed"
  wait "$load_pid" || demo_fails "not all was loaded; see $cluster_dir/load.log"
  load_pid=
  cat "$cluster_dir/load.log"

  say "Comparing the peers"
  raftctl digest --wait 60 || demo_fails "the peers differ"
  wait_for 30 tells_applied || demo_fails "peer $killed does not answer"
  say "Reading every key back, through raftctl and redis-cli"
  check_all_keys "$file" "$killed"
  demo_members "$file" $((lines / 15 + 1))
  show_figures "$cluster_dir/load.log" "$cluster_dir/$killed.log" "$applied"
  show_member_figures
}
