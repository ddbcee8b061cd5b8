#!/usr/bin/env bash
# traces_test.sh PROGRAM FILE: the traces of ten seeds are those that FILE has
# the digests of, whatever compiler made PROGRAM, and on whatever machine. With
# RAFT_REWRITE=1 the file is changed instead.
set -euo pipefail

program=$1
file=$2
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

echo '# Seed, lines, and digest (SHA-256) of: raft-scenarios replay --seed SEED' \
  >"$directory/now"
for seed in {1..10}; do
  "$program" replay --seed "$seed" >"$directory/trace" || {
    tail -n 40 "$directory/trace"
    echo "seed $seed fails" >&2
    exit 1
  }
  printf '%s %s %s\n' "$seed" "$(wc -l <"$directory/trace")" \
    "$(sha256sum <"$directory/trace" | cut -d ' ' -f 1)" >>"$directory/now"
done
if [ "${RAFT_REWRITE-}" = 1 ]; then
  cp "$directory/now" "$file"
else
  diff -u "$file" "$directory/now" || {
    cat >&2 <<'TEXT'
These seeds give other traces. If the simulator was changed, or what it runs,
write them down anew: ./dev pin. If not, something in it depends on the compiler
or the machine: ./dev compare-traces finds the first difference of two builds.
TEXT
    exit 1
  }
fi
