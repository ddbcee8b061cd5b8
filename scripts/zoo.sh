# ./dev zoo: known bugs, put into a copy of the sources; the fuzzer must find
# each.
# shellcheck shell=bash

# Checks that all bugs can still be put in. Prints those that cannot.
zoo_applies() {
  local bug status=0
  for bug in tests/zoo/*.patch; do
    patch --dry-run --force --silent -p1 <"$bug" >/dev/null || {
      complain "$bug no longer fits the sources; make it anew"
      status=1
    }
  done
  return "$status"
}

# What the fuzzer found, from what it printed; nothing if it found nothing.
zoo_finding() {
  sed -nE 's/^seed ([0-9]+) fails.*/\1/p; s/^VIOLATION after [0-9]+ ms: //p' \
    "$1" | head -n 2 | paste -s -d '\t'
}

# Changes the copy of the sources by a patch.
zoo_patch() {
  patch --force --silent --no-backup-if-mismatch -d "$zoo_dir/source" -p1 "$@"
}

# zoo_hunt NAME SEEDS: puts one bug in, builds, and looks for it.
# Prints: name, tab, seed, tab, seconds, tab, violation. Fails if it is missed.
zoo_hunt() {
  local name=$1 seeds=$2 began finding page=()
  local log=$zoo_dir/$1.log
  zoo_patch <"tests/zoo/$name.patch" ||
    fail "$name does not fit the sources"
  ninja -C "$zoo_dir/source/build" zoo_fuzz >"$log.build" 2>&1 || {
    tail -n 20 "$log.build" >&2
    fail "$name does not compile"
  }
  began=$(date +%s%N)
  # An assertion may end it: that is a finding, too.
  [ -z "$zoo_pages" ] || page=("$zoo_pages/$name.html")
  "$zoo_dir/source/build/bin/zoo_fuzz" "$seeds" "$(nproc)" "${page[@]}" \
    >"$log" 2>&1 || true
  finding=$(zoo_finding "$log")
  [ -n "$finding" ] ||
    finding=$(sed -nE 's/.*Assertion .(.*). failed.*/-\tassertion: \1/p' "$log")
  zoo_patch --reverse <"tests/zoo/$name.patch"
  [ -n "$finding" ] || {
    printf '%s\tNOT FOUND\n' "$name"
    return 1
  }
  printf '%s\t%s\t%s s\t%s\n' "$name" "${finding%%$'\t'*}" \
    "$((($(date +%s%N) - began) / 1000000000))" "${finding#*$'\t'}"
}

# Brings the copy of the sources up to date. What is the same already keeps its
# time, and what differs, also by a bug that was left in, gets a new one:
# otherwise it would not be built again.
zoo_copy() {
  local fresh=$zoo_dir/fresh file
  rm -rf "$fresh"
  mkdir -p "$fresh" "$zoo_dir/source"
  tar -cf - --exclude='./build*' --exclude=./data --exclude=./.git . |
    tar -xf - -C "$fresh"
  (cd "$fresh" && find . -type f -print0) | while IFS= read -r -d '' file; do
    cmp -s "$fresh/$file" "$zoo_dir/source/$file" || {
      mkdir -p "$(dirname "$zoo_dir/source/$file")"
      cp "$fresh/$file" "$zoo_dir/source/$file"
    }
  done
  rm -rf "$fresh"
}

dev_zoo() {
  local seeds=1..2000 bugs=() bug missed=0
  zoo_pages=
  while [ $# -gt 0 ]; do
    case $1 in
      --check)
        zoo_applies
        return
        ;;
      --seeds)
        seeds=${2:?--seeds wants A..B}
        shift
        ;;
      --pages)
        zoo_pages=${2:?--pages wants a directory}
        case $zoo_pages in /*) ;; *) zoo_pages=$called_from/$zoo_pages ;; esac
        [ -d "$zoo_pages" ] || fail "there is no directory $zoo_pages"
        shift
        ;;
      -*)
        fail "zoo knows --check, --pages DIR, --seeds A..B and names, but not" \
          "'$1'"
        ;;
      *)
        [ -f "tests/zoo/$1.patch" ] ||
          fail "there is no tests/zoo/$1.patch"
        bugs+=("$1")
        ;;
    esac
    shift
  done
  [ ${#bugs[@]} -gt 0 ] || for bug in tests/zoo/*.patch; do
    bugs+=("$(basename "$bug" .patch)")
  done
  dev_setup
  zoo_applies
  zoo_dir=$root/build-zoo
  zoo_copy
  cmake -S "$zoo_dir/source" -B "$zoo_dir/source/build" \
    -DCMAKE_UNITY_BUILD=OFF >"$zoo_dir/configure.log" 2>&1 ||
    fail "configuring the copy failed; see $zoo_dir/configure.log"
  say "Building the copy without a bug"
  ninja -C "$zoo_dir/source/build" zoo_fuzz >"$zoo_dir/build.log" 2>&1 ||
    fail "building the copy failed; see $zoo_dir/build.log"
  # What is found in a copy without a bug says nothing about the bugs.
  "$zoo_dir/source/build/bin/zoo_fuzz" 1..100 "$(nproc)" >"$zoo_dir/clean.log" 2>&1 ||
    fail "the fuzzer complains without a bug; see $zoo_dir/clean.log"
  say "Bug, first seed that shows it, time, what was violated"
  for bug in "${bugs[@]}"; do
    zoo_hunt "$bug" "$seeds" || missed=$((missed + 1))
  done
  [ "$missed" -eq 0 ] || fail "$missed of ${#bugs[@]} bugs were not found"
}
