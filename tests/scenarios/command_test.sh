#!/usr/bin/env bash
# What raft-scenarios says to wrong arguments, and about its scenarios.
set -euo pipefail

program=$1
failures=0

# expect CODE TEXT ARGUMENT...: runs the program, compares exit code and output.
expect() {
  local code=$1 text=$2 status=0 output
  shift 2
  output=$("$program" "$@" 2>&1) || status=$?
  if [ "$status" -ne "$code" ] || [[ $output != *"$text"* ]]; then
    printf 'raft-scenarios %s: exit code %s, not %s, or no "%s" in:\n%s\n' \
      "$*" "$status" "$code" "$text" "$output"
    failures=$((failures + 1))
  fi
}

expect 0 'figure-8 ' list
expect 0 "must lead within five seconds" explain initial-election
expect 2 "there is no scenario 'no-such'" explain no-such
expect 2 "there is no scenario 'no-such'" run no-such --environment actors
expect 2 "there is no environment 'moon'" run initial-election --environment moon
expect 2 'paused-leader cannot be run on environment actors: the peers share' \
  run paused-leader --environment actors
expect 2 'kv-one-key cannot be run on environment processes: TCP loses nothing' \
  run basic-agreement kv-one-key --environment processes
expect 2 'NAME is required' run
expect 2 '--repeat' run initial-election --repeat 0
expect 2 '--jobs' run initial-election --jobs many

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
page=$directory/page.html
expect 2 '/no/such/place.html: No such file' \
  fuzz --seeds 1..9 --timeline /no/such/place.html
expect 2 '/no/such/place.html: No such file' \
  replay --seed 1 --timeline /no/such/place.html
expect 2 '/no/such/place.html: No such file' \
  run initial-election --timeline /no/such/place.html
expect 2 'needs environment simulated' \
  run initial-election --environment actors --timeline "$page"
expect 2 'one run of one scenario' \
  run initial-election re-election --timeline "$page"
expect 0 'no violation' fuzz --seeds 1 --timeline "$page"
[ ! -e "$page" ] || {
  echo "there is a page without a violation"
  failures=$((failures + 1))
}
expect 0 "see it: $page" run initial-election --seed 1 --timeline "$page"
cp "$page" "$directory/first.html"
expect 0 "see it: $page" run initial-election --seed 1 --timeline "$page"
cmp "$page" "$directory/first.html" || failures=$((failures + 1))

[ "$failures" -eq 0 ]
