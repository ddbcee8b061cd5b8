# ./dev soak: runs that take long.
# shellcheck shell=bash

soak_kills() {
  local rounds=500 seed=1
  while [ $# -gt 0 ]; do
    case ${1-} in
      --rounds) rounds=${2-} ;;
      --seed) seed=${2-} ;;
      *) fail "soak kills knows --rounds N and --seed N, but not '$1'" ;;
    esac
    [[ ${2-} =~ ^[1-9][0-9]{0,8}$ ]] || fail "$1 wants a number from 1"
    shift 2
  done
  dev_setup
  configure "$build"
  build_targets "$build" test_kills
  say "$rounds rounds of SIGKILL under load; one line for ten rounds"
  RAFT_ROUNDS=$rounds RAFT_SEED=$seed "$build"/bin/test_kills \
    --log_level=message
}

# The last commit whose peers speak only version 3 of the protocol.
readonly one_version_only=0ccf50e

# The raftd of another commit, beside this one.
soak_upgrade() {
  local from=$one_version_only
  while [ $# -gt 0 ]; do
    case $1 in
      --from) from=${2-} ;;
      *) fail "soak upgrade knows --from COMMIT, but not '$1'" ;;
    esac
    [ -n "$from" ] || fail "--from wants a commit"
    shift 2
  done
  git rev-parse --quiet --verify "$from^{commit}" >/dev/null ||
    fail "there is no commit '$from' here; is this a shallow clone?"
  dev_setup
  local other="$build-upgrade"
  mkdir -p "$other/source"
  git archive "$from" | tar -x -C "$other/source"
  say "building raftd as of $from"
  (cd "$other/source" && RAFT_BUILD=$other/build ./dev build) ||
    fail "building $from failed"
  configure "$build"
  build_targets "$build" test_kills
  say "one peer after the other is updated under load, and taken back"
  RAFT_OTHER="$other/build/bin/raftd" "$build"/bin/test_kills \
    --run_test=releases --log_level=message
}

soak_scenarios() {
  [ $# -eq 0 ] || fail "soak scenarios has no options"
  dev_setup
  configure "$build"
  build_targets "$build" raft-scenarios raftd
  say "all scenarios in virtual time, 100 times"
  "$build"/bin/raft-scenarios run all --environment simulated --repeat 100 \
    --jobs "$(nproc)"
  # Most of the time these only wait.
  say "all scenarios on real actors, 10 times"
  "$build"/bin/raft-scenarios run all --environment actors --repeat 10 --jobs 8
  say "all scenarios on processes that can be run there, twice"
  "$build"/bin/raft-scenarios run all --environment processes --repeat 2 --jobs 2
}

soak_disks() {
  [ $# -eq 0 ] || fail "soak disks has no options"
  dev_setup
  configure "$build"
  build_targets "$build" test_persistence_crash test_kv_crash
  local test
  for test in persistence_crash kv_crash; do
    say "$test: each call that changes a file fails in turn, 50 seeds for each"
    RAFT_DISK_SEEDS=50 "$build/bin/test_$test" -t '*_on_a_faulty_disk' \
      --log_level=test_suite
  done
}

soak_fuzz() {
  local seeds=1..100000 jobs=2
  while [ $# -gt 0 ]; do
    case ${1-} in
      --seeds)
        [[ ${2-} =~ ^[1-9][0-9]{0,17}(\.\.[1-9][0-9]{0,17})?$ ]] ||
          fail "--seeds wants A..B"
        seeds=$2
        ;;
      --jobs)
        [[ ${2-} =~ ^[1-9][0-9]?$ ]] || fail "--jobs wants a number from 1"
        jobs=$2
        ;;
      *) fail "soak fuzz knows --seeds A..B and --jobs N, but not '$1'" ;;
    esac
    shift 2
  done
  dev_setup
  configure "$build"
  build_targets "$build" raft-scenarios
  say "clusters in virtual time under random faults, one for each seed"
  time "$build"/bin/raft-scenarios fuzz --seeds "$seeds" --jobs "$jobs"
}

soak_follower() {
  local seconds=60
  while [ $# -gt 0 ]; do
    [ "$1" = --seconds ] || fail "soak follower knows --seconds N, but not '$1'"
    [[ ${2-} =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 wants a number from 1"
    seconds=$2
    shift 2
  done
  dev_setup
  configure "$build"
  build_targets "$build" test_cluster_processes
  say "a follower stands still for $seconds seconds, under full load"
  RAFT_STOPPED_SECONDS=$seconds "$build"/bin/test_cluster_processes \
    -t bounds_suite/a_stopped_follower_costs_its_leader_no_memory \
    --log_level=message
}

dev_soak() {
  case ${1-} in
    fuzz)
      shift
      soak_fuzz "$@"
      ;;
    kills)
      shift
      soak_kills "$@"
      ;;
    scenarios)
      shift
      soak_scenarios "$@"
      ;;
    load)
      shift
      soak_load "$@"
      ;;
    disks)
      shift
      soak_disks "$@"
      ;;
    follower)
      shift
      soak_follower "$@"
      ;;
    restart)
      shift
      soak_restart "$@"
      ;;
    upgrade)
      shift
      soak_upgrade "$@"
      ;;
    *)
      fail "soak knows 'disks', 'follower', 'fuzz', 'kills', 'load'," \
        "'restart', 'scenarios' and 'upgrade'"
      ;;
  esac
}
