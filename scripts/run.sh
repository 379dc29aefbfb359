#!/usr/bin/env bash
# Runs the product and, beside it, the candidate service (examples/), which
# signs people in with it. Ctrl-C stops both.
#
#   PORT, DATABASE_URL  of the product
#   CANDIDATE_PORT      of the candidate service; empty: without it
#   SHIMING_BIN         the binary (default: target/release/shiming)
#   and every SHIMING__… setting
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

shiming=${SHIMING_BIN:-target/release/shiming}
candidate_port=${CANDIDATE_PORT-8090}
mkdir -p data
export PORT=${PORT:-8080}
export DATABASE_URL=${DATABASE_URL:-sqlite://$PWD/data/shiming.db}
export SHIMING__SERVER__PUBLIC_URL=${SHIMING__SERVER__PUBLIC_URL:-http://localhost:$PORT}
export SHIMING__SERVER__SPA_DIR=${SHIMING__SERVER__SPA_DIR:-frontend/dist}
export SHIMING__KEYS__FILE=${SHIMING__KEYS__FILE:-data/keyring.json}
# The systems that one tries things with are on this machine: it may tell them
# of logouts and events.
export SHIMING__WEBHOOKS__ALLOWED_NETWORKS=${SHIMING__WEBHOOKS__ALLOWED_NETWORKS-127.0.0.0/8,::1/128}

# Where somebody who registers here by himself may go on.
export SHIMING__SERVER__RETURN_ORIGINS=${SHIMING__SERVER__RETURN_ORIGINS-http://localhost:$candidate_port}

running=()
stop() {
  trap - EXIT INT TERM
  ((${#running[@]} == 0)) || kill "${running[@]}" 2>/dev/null || true
  wait
}
trap stop EXIT
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM

"$shiming" serve &
running+=($!)
server=$!

ready() { node -e "fetch('http://127.0.0.1:$PORT/readyz').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"; }
alive_and_ready() { ! kill -0 "$server" 2>/dev/null || ready; }
wait_until 60 alive_and_ready || die "the server is not ready after a minute"
kill -0 "$server" 2>/dev/null || { wait "$server"; exit 1; }
echo "Shiming: $SHIMING__SERVER__PUBLIC_URL (Ctrl-C stops it)"

# The client's id and secret. A new one is registered when this database does
# not know the old one, or the address has changed.
client=data/candidate-service.json
url=http://localhost:$candidate_port
is_registered() {
  local id
  [[ -s $client ]] || return 1
  id=$(node -p "JSON.parse(fs.readFileSync('$client', 'utf8')).client.id") || return 1
  "$shiming" clients show "$id" 2>/dev/null | grep -qF "\"$url/callback\""
}

if [[ -n $candidate_port ]]; then
  if ! is_registered; then
    (
      umask 077
      sed "s|http://localhost:8090|$url|" examples/candidate-service/client.json >"$client.metadata"
      "$shiming" clients create --file "$client.metadata" >"$client.new"
      mv "$client.new" "$client"
    ) || die "the candidate service cannot be registered"
    rm -f "$client.metadata"
  fi
  CANDIDATE_CLIENT_FILE=$client CANDIDATE_PORT=$candidate_port CANDIDATE_URL=$url \
    SHIMING_URL=$SHIMING__SERVER__PUBLIC_URL node examples/candidate-service/src/main.js &
  running+=($!)
fi

wait "$server"
