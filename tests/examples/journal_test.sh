#!/usr/bin/env bash
# The subscriber is told all commands, those of earlier runs first; the program
# is told what the node does.
set -euo pipefail

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
expected=
for _ in 1 2; do
  expected+=$'to be\nor not\nto be\n'
  diff <(printf '%s' "$expected") <("$1" "$directory/data" 2>"$directory/said")
done
grep -q 'leads term' "$directory/said"
grep -q 'the journal ends: its peer has ended' "$directory/said"
