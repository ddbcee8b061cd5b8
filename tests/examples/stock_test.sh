#!/usr/bin/env bash
# The stock of one run is still there in the next one.
set -euo pipefail

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
for before in 0 7; do
  diff <("$1" "$directory/data") - <<END
put bolts 10: $((before + 10))
take bolts 3: $((before + 7))
take nuts 1: there are only 0
$((before + 7)) bolts here
END
done
