# What all commands of ./dev use: messages and the installation of packages.
# shellcheck shell=bash

# What a build and the tests need, as Debian's packages.
packages=(
  g++ cmake ninja-build ccache pkg-config patch
  libcaf-dev liblmdb-dev libboost-test-dev libcli11-dev libtomlplusplus-dev
  libspdlog-dev libfmt-dev nlohmann-json3-dev libxxhash-dev
  libhiredis-dev redis-tools
)

say() {
  if [ -t 1 ]; then
    printf '\033[1m%s\033[0m\n' "$*"
  else
    printf '%s\n' "$*"
  fi
}

complain() { printf 'dev: %s\n' "$*" >&2; }

fail() {
  complain "$@"
  exit 1
}

# wait_for SECONDS COMMAND...: tries until it succeeds; fails at the deadline.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# install PACKAGE...: installs those that are missing.
install() {
  local missing=() name
  command -v dpkg-query >/dev/null ||
    fail "this needs Debian 12 or a relative of it; elsewhere, install what" \
      "scripts/common.sh lists by hand and build with cmake"
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "some packages are missing; have an" \
      "administrator run this line, then try again:
  apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}"
    as=(sudo)
  fi
  say "Installing ${missing[*]}"
  "${as[@]}" apt-get update -qq
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq \
    --no-install-recommends "${missing[@]}" >/dev/null
}

dev_setup() { install "${packages[@]}"; }
