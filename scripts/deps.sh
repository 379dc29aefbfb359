#!/usr/bin/env bash
# Installs what is missing on Debian (12 was tried) and says what cannot be
# installed.
#
#   scripts/deps.sh run     what building and serving needs
#   scripts/deps.sh test    what the tests need, too
#   --check at the end      installs nothing; fails when something is missing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

purpose=${1:-test}
mode=${2:-install}
[[ $purpose == run || $purpose == test ]] || die "usage: deps.sh run|test [--check]"
PATH=$PATH:/usr/sbin

has() { command -v "$1" >/dev/null 2>&1; }
# gcc alone comes without the headers and start files of C.
can_link() { echo 'int main(void) { return 0; }' | cc -x c -o /dev/null - 2>/dev/null; }
has_libpq() {
  if has pkg-config; then pkg-config --exists libpq; else
    [[ -e $(pg_config --includedir 2>/dev/null)/libpq-fe.h ]]
  fi
}
has_brotli() { [[ -e $(nginx -V 2>&1 | grep -o 'modules-path=[^ ]*' | cut -d= -f2)/ngx_http_brotli_static_module.so ]]; }
# The headless shell shows pages as Chromium does and takes two thirds of the time:
# where Debian can install it, the whole browser is not enough.
has_browser() {
  has chromium-headless-shell || { ! has apt-get && { has chromium || has google-chrome; }; }
}
has_han_font() {
  if has fc-list; then [[ -n $(fc-list :lang=zh-cn) ]]; else compgen -G '/usr/share/fonts/*/*/*CJK*' >/dev/null; fi
}
has_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has initdb; }
# at_least <wanted> <version>
at_least() { [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# --- What Debian has ---------------------------------------------------------

packages=()
# need <package> <command that succeeds when it is there>...
need() {
  local package=$1
  shift
  "$@" || packages+=("$package")
}

need gcc has cc
need libc6-dev can_link
need pkg-config has pkg-config
need libpq-dev has_libpq
if [[ $purpose == test ]]; then
  need postgresql has_postgres
  need nginx-light has nginx
  need libnginx-mod-http-brotli-static has_brotli
  need chromium-headless-shell has_browser
  need fonts-noto-cjk has_han_font
  need python3-venv has_venv
  need jq has jq
  need curl has curl
  need openssl has openssl
  need sqlite3 has sqlite3
fi

if ((${#packages[@]} > 0)); then
  install="apt-get install --yes --no-install-recommends ${packages[*]}"
  if [[ $mode == --check ]]; then
    die "missing: ${packages[*]}. On Debian: sudo $install"
  fi
  has apt-get || die "missing: ${packages[*]} (Debian's names). Install them and run this again"
  as_root=()
  if [[ $(id -u) != 0 ]]; then
    if ! has sudo || ! { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
      die "missing: ${packages[*]}. As root: $install"
    fi
    as_root=(sudo)
  fi
  echo "installing ${packages[*]}"
  log=$(mktemp)
  # Installed servers are not started: the tests start their own.
  policy=/usr/sbin/policy-rc.d
  own_policy=
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
    own_policy=yes
  fi
  remove_policy() {
    [[ -z $own_policy ]] || "${as_root[@]}" rm -f "$policy"
    rm -f "$log"
  }
  trap remove_policy EXIT
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      "${packages[@]}"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    die "apt-get failed. By hand: $install"
  fi
fi

# --- What Debian is too old for ----------------------------------------------

missing=()
rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
rust_found=$(cargo --version 2>/dev/null | cut -d' ' -f2) || true
[[ -n $rust_found ]] && at_least "$rust_wanted" "$rust_found" ||
  missing+=("Rust $rust_wanted or newer (found: ${rust_found:-none}; see https://rustup.rs)")
node_wanted=20.19
node_found=$(node --version 2>/dev/null | tr -d v) || true
[[ -n $node_found ]] && at_least "$node_wanted" "$node_found" ||
  missing+=("Node.js $node_wanted or newer (found: ${node_found:-none}; see https://nodejs.org)")
has npm || missing+=("npm, which comes with Node.js")
if [[ $purpose == test ]]; then
  has cargo-clippy && has cargo-fmt || missing+=("clippy and rustfmt (rustup component add clippy rustfmt)")
fi
if ((${#missing[@]} > 0)); then
  printf 'missing: %s\n' "${missing[@]}" >&2
  exit 1
fi
