#!/usr/bin/env bash
# The example keeps its state in a file, and goes on from there.
set -euo pipefail

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

complain() {
  echo "$1"
  exit 1
}

first=$("$1" "$directory/data")
[ "$first" = "the file has entries up to 0
300" ] || complain "the first run says: $first"
second=$("$1" "$directory/data")
[[ $second =~ ^"the file has entries up to "([0-9]+)$'\n'600$ ]] ||
  complain "the second run says: $second"
# 32 commands at most are not in the file, or on their way to it; one entry
# begins a term, and one opens the session.
((BASH_REMATCH[1] >= 102 - 64)) || complain "the second run says: $second"

# A file of another store is no part of this log.
mkdir "$directory/other"
"$1" "$directory/other/data" >/dev/null
cp "$directory/other/data/tally" "$directory/data/tally"
if found=$("$1" "$directory/data" 2>&1); then
  complain "took a file of another store: $found"
fi
[[ $found == *"belongs to peer 1 of raft"* ]] || complain "says: $found"
