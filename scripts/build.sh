# Builds, and what is near to it: style, checks, sanitizers.
# shellcheck shell=bash

# configure DIR [CMAKE_OPTION...]
configure() {
  local dir=$1
  shift
  mkdir -p "$dir"
  cmake -S . -B "$dir" -G Ninja "$@" >"$dir/configure.log" 2>&1 || {
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

dev_build_clang() {
  dev_setup
  install clang
  configure build-clang -DCMAKE_CXX_COMPILER=clang++ "$@"
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
  say "clang-tidy (takes some minutes)"
  # Of its own, because it must not see another compiler's precompiled headers.
  configure build-lint -DCMAKE_CXX_COMPILER=clang++ \
    -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
  git ls-files -z '*.cpp' |
    xargs -0 -P "$(nproc)" -n 1 clang-tidy --quiet -p build-lint
}

dev_sanitize() {
  dev_setup
  say "Address and undefined behavior sanitizers"
  configure build-asan -DRAFT_SANITIZE=address,undefined
  build_targets build-asan
  ctest --test-dir build-asan --output-on-failure --no-tests=error "$@"
  say "Thread sanitizer, below the actors"
  configure build-tsan -DRAFT_SANITIZE=thread
  build_targets build-tsan
  ctest --test-dir build-tsan --output-on-failure --no-tests=error \
    --label-regex 'unit|script|simulation' "$@"
}
