# Builds, and what is near to it: style, checks, sanitizers.
# shellcheck shell=bash

# A directory that plain cmake has made keeps its generator.
export CMAKE_GENERATOR=Ninja
CMAKE_BUILD_PARALLEL_LEVEL=$(nproc)
export CMAKE_BUILD_PARALLEL_LEVEL

# configure_as PRESET DIR [CMAKE_OPTION...]: a preset of CMakePresets.json.
configure_as() {
  local preset=$1 dir=$2
  shift 2
  mkdir -p "$dir"
  cmake --preset "$preset" -B "$dir" "$@" >"$dir/configure.log" 2>&1 || {
    cat "$dir/configure.log" >&2
    fail "configuring $dir failed"
  }
}

# configure DIR [CMAKE_OPTION...]: as people use it.
configure() { configure_as dev "$@"; }

# build_targets DIR [TARGET...]: all, if none is named.
build_targets() {
  local dir=$1
  shift
  [ $# -eq 0 ] || set -- --target "$@"
  cmake --build "$dir" "$@" || fail "building $dir failed; the first error" \
    "above says why"
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
  configure_as clang build-clang "$@"
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
  configure_as lint build-lint \
    "-DCMAKE_CXX_CLANG_TIDY=clang-tidy;--quiet;--extra-arg=-DRAFT_RULES_$rules"
  cmake --build build-lint -- -k 0 || fail "clang-tidy's findings are above"
}

dev_sanitize() {
  dev_setup
  say "Address and undefined behavior sanitizers"
  configure_as asan build-asan
  build_targets build-asan
  # The others build copies of their own, without sanitizers.
  ctest --test-dir build-asan --output-on-failure --no-tests=error \
    --label-exclude 'zoo|install' "$@"
  say "Thread sanitizer, below the actors"
  local below=(base consensus persistence persistence_crash machine kv kv_crash
    client scripts simulation linearizability)
  configure_as tsan build-tsan
  build_targets build-tsan "${below[@]/#/test_}"
  ctest --test-dir build-tsan --output-on-failure --no-tests=error \
    --tests-regex "^($(IFS='|' && printf '%s' "${below[*]}"))\$" "$@"
}
