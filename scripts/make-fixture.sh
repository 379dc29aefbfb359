#!/usr/bin/env bash
# Writes the fixture of a version, once: what the program of today leaves in a
# database of SQLite and in one of PostgreSQL, with one key file for both, and
# the migrations that there were. Example:
#
#   scripts/make-fixture.sh v1
#
# tests/fixtures/README.md says what it is for. What has been written stays as it
# is; another version gets another folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

(($# == 1)) || die "usage: make-fixture.sh <version>"
folder=$PWD/tests/fixtures/$1
[[ ! -e $folder ]] || die "$folder exists, and is never written again"

unfinished=$(mktemp -d)
trap 'rm -rf "$unfinished"' EXIT
export FIXTURE_FOLDER=$unfinished
write=(cargo test --locked --test it -- --exact --ignored fixture::write::a_fixture_is_written)
TEST_DATABASE=sqlite "${write[@]}"
TEST_DATABASE=postgres scripts/with-postgres.sh "${write[@]}"
find migrations -type f | LC_ALL=C sort | xargs sha256sum >"$unfinished/migrations.sha256"

for file in shiming.db shiming.sql keyring.json people-sqlite.json people-postgres.json; do
  [[ -s $unfinished/$file ]] || die "$file was not written"
done
install -d "$folder"
install -m 644 -t "$folder" "$unfinished"/*
du -ah "$folder"
