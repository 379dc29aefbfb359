#!/usr/bin/env bash
# Runs a command with TEST_POSTGRES_URL pointing at a throw-away PostgreSQL,
# which is stopped and deleted afterwards. Example:
#
#   TEST_DATABASE=postgres scripts/with-postgres.sh cargo test
#
# A TEST_POSTGRES_URL that is set already is used as it is. As root the server
# runs as the user "postgres" (PostgreSQL refuses root).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

(($# > 0)) || die "usage: with-postgres.sh <command> [argument]..."
if [[ -n ${TEST_POSTGRES_URL:-} ]]; then
  exec "$@"
fi

# In memory where there is room for it: every test has a database of its own,
# and on a disk, making one takes ten times as long. Not so what is to be durable.
memory=/dev/shm
room=$(df --output=avail --block-size=1M "$memory" 2>/dev/null | tail -n 1) || true
if [[ ${DURABLE:-0} == 0 && -w $memory ]] && ((${room:-0} >= 1500)); then
  scratch=$(mktemp -d --tmpdir="$memory" shiming-postgres-XXXXXX)
else
  scratch=$(mktemp -d)
fi
chmod 755 "$scratch"
clean_up() {
  stop_postgres
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

start_postgres "$scratch/postgres"
TEST_POSTGRES_URL=$POSTGRES_URL "$@"
