#!/usr/bin/env bash
# Fails when a committed file is not what its generator makes of the sources, or
# when the API breaks what clients were built for without saying so.
# Changes nothing. "make gen" makes the files anew.
#
#   SHIMING_BIN  the binary (default: target/debug/shiming)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

scratch=$(mktemp -d)
client=frontend/src/api
# What "npm run gen:api" writes there.
types=schema.gen.ts
delivered=delivered.gen.ts
clean_up() {
  # The generators write in place; the committed files come back.
  for file in "$types" "$delivered"; do
    if [[ -e $scratch/$file ]]; then cp -p "$scratch/$file" "$client/$file"; fi
  done
  rm -rf "$scratch"
}
trap clean_up EXIT

# same <name> <committed> <fresh> <what it is made of>
same() {
  if ! diff -u --label committed --label generated "$2" "$3" >"$scratch/diff"; then
    head -n 40 "$scratch/diff" >&2
    die "$1 is out of date: it is generated from $4. Run: make gen"
  fi
  echo "$1 is up to date"
}

[[ -f openapi/openapi.json ]] || die "openapi/openapi.json is missing. Run: make gen"
for file in "$types" "$delivered"; do
  [[ -f $client/$file ]] || die "$client/$file is missing. Run: make gen"
done
"${SHIMING_BIN:-target/debug/shiming}" openapi >"$scratch/openapi.json"
same openapi/openapi.json openapi/openapi.json "$scratch/openapi.json" "the API's routes"

cp -p "$client/$types" "$client/$delivered" "$scratch"
npm --prefix frontend run --silent gen:api >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; die "npm run gen:api failed"; }
same "$client/$types" "$scratch/$types" "$client/$types" openapi/openapi.json
same "$client/$delivered" "$scratch/$delivered" "$client/$delivered" api/data/defaults.toml

scripts/openapi-breaking.py
