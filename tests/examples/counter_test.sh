#!/usr/bin/env bash
# The example counts, and goes on counting when it is run again.
set -euo pipefail

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
for expected in 3 6; do
  sum=$("$1" "$directory/data")
  [ "$sum" = "$expected" ] || {
    echo "expected $expected, got $sum"
    exit 1
  }
done
