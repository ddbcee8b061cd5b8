#!/usr/bin/env bash
# Real programs: odd arguments reach the data as they are, mistakes are
# explained, and what is closed at the start does no harm. The build directory
# comes from RAFT_BUILD.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/common.sh
source scripts/common.sh
# shellcheck source=scripts/cluster.sh
source scripts/cluster.sh

bin=$RAFT_BUILD/bin
scratch=$(mktemp -d)
server=

end_test() {
  local status=$?
  trap - EXIT
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  [ "$status" -eq 0 ] || cat "$scratch"/*.log >&2 || true
  rm -rf "$scratch"
  exit "$status"
}
trap end_test EXIT

# expect STATUS COMMAND...: runs it, with its output in $out and $err.
expect() {
  local wanted=$1 status=0
  shift
  "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
  out=$(cat "$scratch/out")
  err=$(cat "$scratch/err")
  [ "$status" -eq "$wanted" ] ||
    fail "$*: exit code $status, expected $wanted: $out $err"
}

# complains TEXT COMMAND...: it ends with 2 and says so.
complains() {
  local wanted=$1
  shift
  expect 2 "$@"
  grep -qF -- "$wanted" <<<"$out$err" || fail "$*: lacks '$wanted': $out $err"
}

is_listening() { grep -q "^listening on" "$scratch/stdout"; }

say "mistakes are explained"
dashes="a value that begins with '-' goes after '--'"
complains "'-x' is no option of 'raftctl put'; $dashes" "$bin/raftctl" put -x 1
complains "'-5' is no option of 'raftctl delete'; $dashes" \
  "$bin/raftctl" delete a -5
complains "'-x' is no option of 'raftdump'; $dashes" "$bin/raftdump" -x
complains "'-x' is no option of 'raft-scenarios check'; $dashes" \
  "$bin/raft-scenarios" check -x
complains "'-x' is no option of 'raftd'" "$bin/raftd" -x
complains "'-x' is no option of 'raft-bench'" "$bin/raft-bench" -x
complains "there is no command 'putt'; there are: status, " \
  "$bin/raftctl" putt a b
complains "there is no command 'chekc'; there are: check, " \
  "$bin/raft-scenarios" chekc a
complains "'b' was not expected" "$bin/raftd" b
complains "'[b,c]' was not expected" "$bin/raftdump" a '[b,c]'
complains "no whole number from 1" "$bin/raftctl" scan --limit 0
complains "no whole number from 1" "$bin/raftctl" scan --limit -1
complains "no whole number from 0" "$bin/raftdump" a --from -1
complains "no whole number from 1" "$bin/raft-scenarios" run all --jobs -1
complains "no whole number from 1" "$bin/raft-bench" --port -1
complains "there is no store in '[a,b]'" "$bin/raftdump" '[a,b]'
complains "there is no store in '-x'" "$bin/raftdump" -- -x
complains "[a,b]: No such file" "$bin/raft-scenarios" check '[a,b]'
complains "-x: No such file" "$bin/raft-scenarios" check -- -x
complains "'[a,b]'" "$bin/raft-scenarios" explain '[a,b]'
complains "\"[1=127.0.0.1:1\" is no member" \
  "$bin/raftd" --members '[1=127.0.0.1:1,2=127.0.0.1:2]'

export RAFT_PEERS=127.0.0.1:1
complains "none: cannot be opened: No such file" \
  "$bin/raftctl" load "$scratch/none"
complains "$scratch: cannot be read: Is a directory" \
  "$bin/raftctl" load "$scratch"
complains "cannot open '$scratch/none'" \
  "$bin/raftctl" backup verify "$scratch/none"
complains "is no regular file" "$bin/raftctl" backup verify "$scratch"
complains "FILE is required" "$bin/raftctl" backup
complains "is there already; name another file" \
  "$bin/raftctl" --peers 127.0.0.1:1 backup "$0"
for program in raftd raftctl; do
  args=(--config "$scratch")
  [ "$program" = raftd ] || args+=(status)
  complains "$scratch: is a directory" "$bin/$program" "${args[@]}"
done
complains "$scratch/none: cannot be opened: No such file" \
  "$bin/raftd" --config "$scratch/none"

say "what is closed at the start is not taken by files"
# The log has the number of a closed standard error otherwise.
port=$(pick_free_ports)
"$bin/raftd" --id 1 --members "1=127.0.0.1:$port" --data "$scratch/[a,b]" \
  --bootstrap <&- >"$scratch/stdout" 2>&- &
server=$!
wait_for 120 is_listening
for fd in 0 2; do
  [ "$(readlink "/proc/$server/fd/$fd")" = /dev/null ] ||
    fail "descriptor $fd is $(readlink "/proc/$server/fd/$fd")"
done
[ -f "$scratch/[a,b]/data.mdb" ]
export RAFT_PEERS=127.0.0.1:$port

# Longer than the usual time: the machine may have much else to do.
say "values are taken as they are"
odd=('' '[a,b]' '{}' 'a,b' '"a"' '\' 'a\nb' '%%' '++' '=a' ' ' status get
  -x -- --json --help --peers=1 -h)
for x in "${odd[@]}"; do
  expect 0 "$bin/raftctl" --timeout 60 put -- "$x" "$x"
  expect 0 "$bin/raftctl" --timeout 60 get -- "$x"
  [ "$out" = "$x" ] || fail "put and get of '$x': '$out'"
done
for x in '' '[a,b]' -x; do
  expect 0 "$bin/raftctl" --timeout 60 cas --absent -- key "$x"
  expect 1 "$bin/raftctl" --timeout 60 cas key never --absent
  expect 0 "$bin/raftctl" --timeout 60 cas --expect "$x" -- key "$x"
  expect 0 "$bin/raftctl" --timeout 60 cas --expect="$x" -- key "$x"
  expect 0 "$bin/raftctl" --timeout 60 append key -- "$x"
  expect 0 "$bin/raftctl" --timeout 60 get key
  [ "$out" = "$x$x" ] || fail "append of '$x': '$out'"
  expect 0 "$bin/raftctl" --timeout 60 delete key
done
expect 0 "$bin/raftctl" --timeout 60 put a 1
expect 0 "$bin/raftctl" --timeout 60 put b 1
expect 0 "$bin/raftctl" --timeout 60 scan '[a,b]'
[ "$out" = $'[a,b]\t[a,b]' ] || fail "scan: $out"
expect 0 "$bin/raftctl" --timeout 60 delete '[a,b]' '{}' a,b
[ "$out" = 3 ] || fail "delete: $out"
expect 0 "$bin/raftctl" --timeout 60 get a
expect 0 "$bin/raftctl" --timeout 60 get b
expect 0 "$bin/raftctl" --timeout 60 delete -- "${odd[@]}"
[ "$out" = "$((${#odd[@]} - 3))" ] || fail "delete: $out"

say "what is closed is missed by who needs it"
expect 2 "$bin/raftctl" load - <&-
expect 2 bash -c '"$1" get a >&-' - "$bin/raftctl"
grep -q "standard output cannot be written" <<<"$err"
expect 0 bash -c '"$1" --verify "$2" 2>&- <&-' - "$bin/raftdump" \
  "$scratch/[a,b]"
expect 2 bash -c '"$1" list >&-' - "$bin/raft-scenarios"

say "SIGHUP ends it in good order, with a line"
restart() { # restart COMMAND...: raftd once more, by that command
  : >"$scratch/stdout"
  "$@" "$bin/raftd" --id 1 --members "1=127.0.0.1:$port" \
    --data "$scratch/[a,b]" >"$scratch/stdout" 2>>"$scratch/server.log" &
  server=$!
  wait_for 120 is_listening
}
# ends SIGNAL: it does, with 0, and says why.
ends() {
  local status=0
  kill "-$1" "$server"
  wait_for 120 has_ended || fail "it does not end"
  wait "$server" || status=$?
  [ "$status" -eq 0 ] || fail "exit code $status after SIG$1"
}
has_ended() { ! kill -0 "$server" 2>/dev/null; }
ends TERM
restart env
ends HUP
grep -q "ending, because of signal 1 (Hangup)" "$scratch/server.log"
restart nohup
kill -HUP "$server"
expect 0 "$bin/raftctl" --timeout 60 get a
ends TERM

say "nobody reads its standard output and error"
mkfifo "$scratch/pipe"
exec 9<>"$scratch/pipe"
# Full: whoever writes to it waits.
dd if=/dev/zero of="$scratch/pipe" oflag=nonblock bs=4096 2>/dev/null || true
"$bin/raftd" --id 1 --members "1=127.0.0.1:$port" --data "$scratch/[a,b]" \
  --log-level trace >&9 2>&9 9>&- &
server=$!
answers() { "$bin/raftctl" get a >/dev/null 2>&1; }
wait_for 120 answers
expect 0 "$bin/raftctl" --timeout 60 put a 2
ends TERM
exec 9>&-

say "its log's disk is full, its reader has gone"
"$bin/raftd" --id 1 --members "1=127.0.0.1:$port" --data "$scratch/[a,b]" \
  >/dev/full 2>/dev/full &
server=$!
wait_for 120 answers
ends TERM
"$bin/raftd" --id 1 --members "1=127.0.0.1:$port" --data "$scratch/[a,b]" \
  > >(true) 2> >(true) &
server=$!
wait_for 120 answers
ends TERM

say "a transfer of leadership says why there is none"
"$bin/raftd" --id 1 --members "1=127.0.0.1:$port" --data "$scratch/[a,b]" \
  >/dev/null 2>&1 &
server=$!
wait_for 120 answers
expect 1 "$bin/raftctl" --timeout 60 transfer
grep -q "no other voter is fit to lead" <<<"$err" || fail "transfer: $err"
expect 0 "$bin/raftctl" --timeout 60 transfer 1
[[ $out == "peer 1 leads in term "* ]] || fail "transfer: $out"
complains "peer 9 is no member of the cluster; its voters are 1" \
  "$bin/raftctl" --timeout 60 transfer 9
complains "no whole number from 1" "$bin/raftctl" transfer 0
ends TERM
server=
