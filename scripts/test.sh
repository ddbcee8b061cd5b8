# ./dev test: builds, runs every test, and says where the time went.
# shellcheck shell=bash

# Reads what ctest printed; prints the seconds of each label, with the number of
# its tests, and the slowest tests.
summarize_tests() {
  awk '
    / sec\*proc / {
      label[++labels] = sprintf("%-24s %7.1f s   %s", "  " $1, $3,
                                substr($0, index($0, "(")))
    }
    /Test +#[0-9]+: / && / sec *$/ {
      name = $0
      sub(/^.*Test +#[0-9]+: /, "", name)
      sub(/ .*$/, "", name)
      seconds[name] = $(NF - 1)
    }
    END {
      for (i = 1; i <= labels; ++i)
        print label[i]
      print "Slowest tests"
      for (n = 0; n < 5; ++n) {
        slowest = ""
        for (name in seconds)
          if (slowest == "" || seconds[name] > seconds[slowest])
            slowest = name
        if (slowest == "")
          break
        printf "%-24s %7.1f s\n", "  " slowest, seconds[slowest]
        delete seconds[slowest]
      }
    }' "$1"
}

# Writes down anew what some tests compare with: what the simulator says. To be
# done when a change of it, or of what it runs, changes all runs.
dev_pin() {
  [ $# -eq 0 ] || fail "pin has no options"
  dev_setup
  configure "$build"
  build_targets "$build" bank_fuzz raft-scenarios
  RAFT_REWRITE=1 ctest --test-dir "$build" --output-on-failure \
    --no-tests=error --tests-regex '^pinned_'
  git diff --stat
}

# Compares the traces of two builds, say of two compilers, byte for byte.
dev_compare_traces() {
  local one=${1:-$build} other=${2:-build-clang} dir seed lines
  for dir in "$one" "$other"; do
    [ -x "$dir"/bin/raft-scenarios ] ||
      fail "there is no $dir/bin/raft-scenarios: build it first"
  done
  for seed in {1..10}; do
    cmp <("$one"/bin/raft-scenarios replay --seed "$seed" 2>&1) \
      <("$other"/bin/raft-scenarios replay --seed "$seed" 2>&1) ||
      fail "seed $seed gives another trace with $one than with $other"
    lines=$("$one"/bin/raft-scenarios replay --seed "$seed" | wc -l)
    say "seed $seed: $lines lines, the same"
  done
}

# With --quick, only what needs neither actors nor processes.
dev_test() {
  local began=$SECONDS set_up built tested status=0 log=$build/tests.log
  local targets=() chosen=()
  if [ "${1:-}" = --quick ]; then
    shift
    targets=(raft_quick_tests)
    chosen=(--label-regex '^(unit|script)$')
  fi
  dev_setup
  set_up=$((SECONDS - began))
  configure "$build"
  build_targets "$build" "${targets[@]}"
  built=$((SECONDS - began - set_up))
  # Two places for each core: most tests wait most of the time. Those that do
  # not take two.
  ctest --test-dir "$build" --output-on-failure --no-tests=error \
    --parallel "$((2 * $(nproc)))" "${chosen[@]}" "$@" 2>&1 | tee "$log" || status=$?
  tested=$((SECONDS - began - set_up - built))
  # What was drawn at random, so that it can be played again.
  grep -hE '^fresh seeds ' "$build"/Testing/Temporary/LastTest.log || true

  local passed failed
  passed=$(grep -cE 'Test +#[0-9]+: .* Passed ' "$log" || true)
  failed=$(grep -cE 'Test +#[0-9]+: .*\*\*\*(Failed|Timeout|Exception|Not Run)' \
    "$log" || true)
  # A failure before any test ran counts, too.
  [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  printf '\nWhere the time went\n%-24s %7d s\n%-24s %7d s\n%-24s %7d s\n' \
    Set-up "$set_up" Build "$built" Tests "$tested"
  summarize_tests "$log"
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  return "$status"
}
