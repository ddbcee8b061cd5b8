#!/usr/bin/env bash
# The lamp is on while the peer leads, and obeys no term that is over.
set -euo pipefail

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
diff <("$1" "$directory/data") - <<'END'
on
off
on
off
an order of the first term came too late
END
