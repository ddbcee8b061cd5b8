#!/usr/bin/env bash
# install_test.sh NAME: one test of an installed copy. The environment says what
# was built and where, see CMakeLists.txt.
set -euo pipefail

prefix=$SCRATCH/prefix
# shellcheck disable=SC2153 # comes from outside
example=$SOURCE/examples/bank
launcher=()
if command -v ccache >/dev/null; then
  launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
sanitize=()
if [ -n "$SANITIZE" ]; then
  sanitize=("-fsanitize=$SANITIZE")
fi
[ -n "$CAF_ROOT" ] || unset CAF_ROOT

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# configure SOURCE DIR [OPTION...]: an outside project, with its own defaults.
configure() {
  local source=$1 dir=$2
  shift 2
  cmake -S "$source" -B "$dir" -G Ninja -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_CXX_FLAGS="${sanitize[*]}" "${launcher[@]}" "$@"
}

# The program counts on from what an earlier run left.
check_bank() {
  local data expected sum=0
  data=$(mktemp -d)
  # shellcheck disable=SC2064 # the directory of now
  trap "rm -rf '$data'" EXIT
  for _ in 1 2; do
    expected="done: $((sum + 100))
done: $((sum + 70))
refused: Bert has too little"
    sum=$((sum + 70))
    diff <(echo "$expected") <("$1" "$data/store") || fail "$1 says otherwise"
  done
}

# It serves Redis clients, and has its data again when it is started again.
check_server() {
  local data port pid in expected=OK command="set color blue"
  data=$(mktemp -d)
  # shellcheck disable=SC2064 # the directory of now
  trap "rm -rf '$data'" EXIT
  for _ in 1 2; do
    coproc "$1" "$data/store"
    # shellcheck disable=SC2154 # set by coproc, until the program ends
    pid=$COPROC_PID
    read -r -t 300 port <&"${COPROC[0]}" || fail "$1 does not start"
    # shellcheck disable=SC2086 # several words
    diff <(echo "$expected") <(redis-cli -p "$port" $command) ||
      fail "$1 says otherwise"
    in=${COPROC[1]}
    exec {in}>&-
    wait "$pid" || fail "$1 did not end well"
    expected=blue command="get color"
  done
}

install() {
  rm -rf "$prefix" "$prefix.before"
  cmake --install "$BUILD" --prefix "$prefix.before" >/dev/null
  # Nothing may depend on where it was installed.
  mv "$prefix.before" "$prefix"
  "$prefix/bin/raftd" --version | grep -qF "$VERSION" ||
    fail "raftd does not say its version"
  for tool in raftctl raftdump; do
    "$prefix/bin/$tool" --help >/dev/null || fail "$tool does not run"
  done
  if grep -rIl "$SOURCE" "$prefix/$LIBDIR"; then
    fail "these files name the source directory"
  fi
}

# What users include must be there, and must not need other libraries.
install_headers() {
  local header
  grep -rhoE '#include <raft/[^>]+>' "$prefix/include" | sort -u |
    while IFS='<>' read -r _ header _; do
      [ -e "$prefix/include/$header" ] || fail "an installed header includes" \
        "<$header>, which is not installed: add it to HEADERS in its folder's" \
        "CMakeLists.txt, or include less"
    done
  if grep -rhE '#include <(lmdb|xxhash|fmt/|spdlog/|toml|CLI/|nlohmann/)' \
    "$prefix/include"; then
    fail "installed headers include these"
  fi
  # Each alone, in one run of the compiler that writes nothing.
  local flags=()
  if [ -n "${CAF_ROOT-}" ]; then
    flags+=(-isystem "$CAF_ROOT/include")
  fi
  mkdir -p "$SCRATCH"
  (cd "$prefix/include" && find raft -name '*.hpp' | sort |
    sed 's/.*/#include <&>/') >"$SCRATCH/all_headers.cpp"
  "$CXX" -std=c++20 -Wall -Wextra -Werror -fsyntax-only "${flags[@]}" \
    -I"$prefix/include" "$SCRATCH/all_headers.cpp"
}

install_find_package() {
  configure "$example" "$SCRATCH/find_package" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
  cmake --build "$SCRATCH/find_package"
  check_bank "$SCRATCH/find_package/bank"
  "$SCRATCH/find_package/bank_fuzz" fuzz --seeds 1..2
}

# The checker stands alone: its headers, its library, and nothing else.
install_checker() {
  local dir=$SCRATCH/checker
  rm -rf "$dir"
  mkdir -p "$dir/include/raft"
  cp -r "$prefix/include/raft/checker" "$dir/include/raft"
  "$CXX" -std=c++20 -Wall -Wextra -Werror "${sanitize[@]}" -I"$dir/include" \
    "$SOURCE/tests/install/checker/main.cpp" \
    "$prefix/$LIBDIR/libcaf_raft_checker.a" -o "$dir/main"
  "$dir/main" || fail "it says otherwise"
}

install_server() {
  configure "$SOURCE/tests/install/server" "$SCRATCH/server" \
    -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
  cmake --build "$SCRATCH/server"
  check_server "$SCRATCH/server/server"
}

# A copy that was built with another CAF is not taken, and says why.
install_wrong_caf() {
  local dir=$SCRATCH/wrong_caf
  rm -rf "$dir"
  mkdir -p "$dir"
  cp -r "$prefix/$LIBDIR/cmake/caf_raft" "$dir/package"
  sed -i 's/series STREQUAL "[0-9.]*"/series STREQUAL "99.1"/' \
    "$dir/package/caf_raft-config.cmake"
  if configure "$example" "$dir/build" -Dcaf_raft_DIR="$dir/package" \
    >"$dir/log" 2>&1; then
    fail "it was taken"
  fi
  tr -s ' \n' ' ' <"$dir/log" | grep -qF "name the right one in CAF_ROOT" ||
    fail "it does not say why: $(cat "$dir/log")"
}

# A compiler line by hand, for the example that brings its state machine as an
# actor.
install_pkg_config() {
  local flags dir=$SCRATCH/pkg_config
  mkdir -p "$dir"
  export PKG_CONFIG_PATH=$prefix/$LIBDIR/pkgconfig
  [ "$(pkg-config --modversion caf_raft)" = "$VERSION" ] ||
    fail "pkg-config does not say the version"
  read -ra flags <<<"$(pkg-config --cflags --libs caf_raft)"
  if [ -n "${CAF_ROOT-}" ]; then
    flags+=("-Wl,-rpath,$CAF_ROOT/lib")
  fi
  "$CXX" -std=c++20 "${sanitize[@]}" "$SOURCE/examples/stock.cpp" \
    "${flags[@]}" -o "$dir/stock"
  bash "$SOURCE/tests/examples/stock_test.sh" "$dir/stock"
}

install_add_subdirectory() {
  local dir=$SCRATCH/add_subdirectory
  # Each library as one source, as some parents build: that is much faster.
  configure "$SOURCE/tests/install/parent" "$dir" -DRAFT_SOURCE="$SOURCE" \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0
  cmake --build "$dir" --target bank
  # The parent's own sources are compiled as the parent says.
  if grep -F examples/bank/main.cpp "$dir/compile_commands.json" |
    grep -E -- '-W|-include|pch|-O'; then
    fail "these options leak into the parent project"
  fi
  check_bank "$dir/bank"
}

"$1"
