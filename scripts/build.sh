# Builds, and what is near to it: style, checks, sanitizers.
# shellcheck shell=bash

# configure DIR [CMAKE_OPTION...]
# Six sources at a time are compiled as one, which takes half as long in all.
configure() {
  local dir=$1
  shift
  mkdir -p "$dir"
  cmake -S . -B "$dir" -G Ninja -DCMAKE_UNITY_BUILD=ON \
    -DCMAKE_UNITY_BUILD_BATCH_SIZE=6 "$@" >"$dir/configure.log" 2>&1 || {
    cat "$dir/configure.log" >&2
    fail "configuring $dir failed"
  }
}

# build_targets DIR [TARGET...]: all, if none is named.
build_targets() {
  local dir=$1
  shift
  ninja -C "$dir" "$@" || fail "building $dir failed; the first error above" \
    "says why"
}

dev_build() {
  dev_setup
  configure "$build" "$@"
  build_targets "$build"
}

# Each source alone, so that one that needs another's includes is found, too.
dev_build_clang() {
  dev_setup
  install clang
  configure build-clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_UNITY_BUILD=OFF \
    "$@"
  build_targets build-clang
}

sources() { git ls-files -z '*.hpp' '*.cpp'; }

dev_format() {
  install clang-format
  sources | xargs -0 clang-format -i
}

dev_lint() {
  dev_setup
  install clang clang-format clang-tidy shellcheck
  say "Format"
  sources | xargs -0 clang-format --dry-run --Werror ||
    fail "./dev format mends this"
  say "Shell scripts"
  shellcheck --external-sources dev .ci/run tests/*/*.sh
  say "clang-tidy (the first time it takes most of an hour; later only what has" \
    "changed)"
  lint_sources
}

# Ninja knows what depends on what, so clang-tidy runs with clang, whose
# precompiled headers it understands. The definition has no meaning but this:
# other rules are another command line.
lint_sources() {
  local rules
  rules=$(sha256sum .clang-tidy | cut -c 1-16)
  configure build-lint -DCMAKE_CXX_COMPILER=clang++ \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 \
    "-DCMAKE_CXX_CLANG_TIDY=clang-tidy;--quiet;--extra-arg=-DRAFT_RULES_$rules"
  ninja -C build-lint -k 0 || fail "clang-tidy's findings are above"
}

dev_sanitize() {
  dev_setup
  say "Address and undefined behavior sanitizers"
  configure build-asan -DRAFT_SANITIZE=address,undefined
  build_targets build-asan
  # The others build copies of their own, without sanitizers.
  ctest --test-dir build-asan --output-on-failure --no-tests=error \
    --label-exclude 'zoo|install' "$@"
  say "Thread sanitizer, below the actors"
  local below=(consensus persistence persistence_crash machine kv kv_crash
    clients scripts simulation linearizability)
  configure build-tsan -DRAFT_SANITIZE=thread
  build_targets build-tsan "${below[@]/#/test_}"
  ctest --test-dir build-tsan --output-on-failure --no-tests=error \
    --tests-regex "^($(IFS='|' && printf '%s' "${below[*]}"))\$" "$@"
}
