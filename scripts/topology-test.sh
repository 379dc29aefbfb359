#!/usr/bin/env bash
# Tries the topology of docker-compose.yml without containers: one PostgreSQL,
# two API nodes, and nginx with deploy/nginx.conf in front. A person registers
# and signs in while requests alternate between the nodes and one node is
# killed on the way. Then the person signs in to business systems, of whose steps
# each is done by another node (topology-systems.sh).
#
#   SHIMING_BIN  the binary (default: target/debug/shiming)
#   SPA_DIST     the built web client (default: frontend/dist)
#
# Needs PostgreSQL, nginx with the brotli module, curl, jq and python3. The last
# line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

binary=$(realpath "${SHIMING_BIN:-target/debug/shiming}" 2>/dev/null) || true
[[ -x $binary ]] || die "${SHIMING_BIN:-target/debug/shiming} is missing: cargo build, or set SHIMING_BIN"
dist=${SPA_DIST:-frontend/dist}
[[ -f $dist/index.html ]] || die "$dist/index.html is missing: build the web client first (cd frontend && npm run build)"
PATH=$PATH:/usr/sbin
for tool in curl jq nginx python3; do
  command -v "$tool" >/dev/null || die "$tool is not installed"
done

scratch=$(mktemp -d)
chmod 755 "$scratch"
declare -A node_pid=() node_port=() before=()
answers=()
passed=0
failed=0

clean_up() {
  local status=$? pid
  trap - EXIT
  for pid in "${node_pid[@]}" ${listener_pid:+"$listener_pid"} $(cat "$scratch/web/nginx.pid" 2>/dev/null); do
    kill "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  wait_until 10 test ! -e "$scratch/web/nginx.pid" || true
  stop_postgres
  if ((failed > 0 || status > 1)); then
    echo "logs of the run: $scratch" >&2
  else
    rm -rf "$scratch"
  fi
  echo "$passed passed, $failed failed"
  if ((failed > 0 && status == 0)); then
    status=1
  fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- Checks ---------------------------------------------------------------

ok() {
  passed=$((passed + 1))
  echo "ok    $1"
}
not_ok() {
  failed=$((failed + 1))
  echo "FAIL  $1" >&2
  [[ -z ${2:-} ]] || printf '      %s\n' "$2" >&2
}
# equal <what> <got> <wanted>
equal() {
  if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1" "got: $2 / wanted: $3"; fi
}
# matches <what> <got> <pattern>
matches() {
  if [[ $2 =~ $3 ]]; then ok "$1"; else not_ok "$1" "got: $2 / wanted: $3"; fi
}
# A step without which the rest makes no sense.
must() {
  equal "$@"
  ((failed == 0)) || exit 1
}

# --- The topology -----------------------------------------------------------

port=$(free_port)
node_port[a]=$(free_port)
node_port[b]=$(free_port)
base=http://localhost:$port
# The business systems of this test are on this machine.
local_networks=127.0.0.0/8,::1/128
listener_port=$(free_port)

# launch <node>: starts it and does not wait.
launch() {
  env --ignore-environment PATH="$PATH" HOME="${HOME:-/}" \
    PORT="${node_port[$1]}" \
    SHIMING__SERVER__BIND=127.0.0.1 \
    DATABASE_URL="$POSTGRES_URL" \
    SHIMING__SERVER__PUBLIC_URL="$base" \
    SHIMING__SERVER__TRUSTED_PROXIES=127.0.0.1/32 \
    SHIMING__SERVER__SPA_DIR="$dist" \
    SHIMING__KEYS__FILE="$scratch/keys/keyring.json" \
    SHIMING__LOG__FORMAT=json \
    SHIMING__WEBHOOKS__ALLOWED_NETWORKS="$local_networks" \
    "$binary" serve >>"$scratch/node-$1.log" 2>&1 &
  node_pid[$1]=$!
}
await_ready() {
  wait_until 30 curl -fs "http://127.0.0.1:${node_port[$1]}/readyz" ||
    { tail -n 5 "$scratch/node-$1.log" >&2; die "node $1 does not become ready"; }
}
# kill_node <node>: at once, as a power cut does.
kill_node() {
  kill -KILL "${node_pid[$1]}"
  wait "${node_pid[$1]}" 2>/dev/null || true
  unset "node_pid[$1]"
}
# start_listener: what business systems are told goes to $scratch/told.
start_listener() {
  python3 scripts/topology-listener.py "$listener_port" "$scratch/told" 2>"$scratch/listener.log" &
  listener_pid=$!
  wait_until 10 listens "$listener_port" || { cat "$scratch/listener.log" >&2; die "the listener does not start"; }
}
listens() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1")
}
# answered <node> <words>: how many requests of this kind a node has answered.
answered() {
  grep '"message":"request"' "$scratch/node-$1.log" | grep -c -- "$2" || true
}

start_postgres "$scratch/postgres"
# Both at once: they must agree on the tables and on one key file.
launch a
launch b
await_ready a
await_ready b

mkdir "$scratch/web"
cp -r "$dist" "$scratch/spa"
chmod -R a+rX "$scratch/spa"
[[ $(id -u) != 0 ]] || chown nobody "$scratch/web"
render_nginx "$scratch/nginx.conf" "$scratch/web" "$port" "$scratch/spa" \
  "127.0.0.1:${node_port[a]}" "127.0.0.1:${node_port[b]}"
as_user nobody nginx -e stderr -c "$scratch/nginx.conf" >"$scratch/nginx.log" 2>&1 ||
  { tail -n 5 "$scratch/nginx.log" >&2; die "nginx does not start"; }
wait_until 10 curl -fs "$base/readyz" || { tail -n 5 "$scratch/nginx.log" >&2; die "nginx does not answer"; }

# --- Requests ---------------------------------------------------------------

# call <method> <address> [body] [curl option]...: sets status and body; header
# lines are in $scratch/headers.
call() {
  local method=$1 address=$2 data=${3:-} options=()
  shift $(($# < 3 ? $# : 3))
  [[ $address == http* ]] || address=$base$address
  if [[ -n $data ]]; then
    options+=(--header 'Content-Type: application/json' --data "$data")
  fi
  if [[ $method == HEAD ]]; then options+=(--head); else options+=(--request "$method"); fi
  status=$(curl --silent --show-error --max-time 40 --cookie "$scratch/jar" --cookie-jar "$scratch/jar" \
    --header "Origin: $base" --dump-header "$scratch/headers" --output "$scratch/body" \
    --write-out '%{http_code}' "${options[@]}" "$@" "$address") || true
  body=$(tr -d '\0' <"$scratch/body")
}
# The value of a header of the last answer.
header() {
  sed -n "s/^$1: *//Ip" "$scratch/headers" | tr -d '\r' | paste -sd'|'
}
field() {
  jq -r "$1 // empty" <<<"$body" 2>/dev/null || true
}
# A solved captcha, as requests carry it.
captcha() {
  local id
  call POST /api/v1/captchas
  id=$(field .id)
  call GET "/sandbox/v1/captchas/$id"
  jq -cn --arg id "$id" --arg answer "$(field .answer)" '{$id, $answer}'
}
# latest_code <phone>: the newest code sent to a phone, once there is one.
latest_code() {
  call GET "/sandbox/v1/sms?phone=$1"
  [[ -n $(field '.items[0].code') ]]
}

# --- A person registers -----------------------------------------------------

echo "# one account through two nodes, one of which dies"
call GET /sandbox/v1/cardholders
person=$(jq -c '[.items[] | select(.card_kind == "debit")][0]' <<<"$body")
phone=$(jq -r .phone <<<"$person")
username=topology_$RANDOM
password='lychee park fog 7'
agreements=$(curl -fs "$base/api/v1/service-info" | jq -c '[.agreements[] | {(.kind): .version}] | add')

call POST /api/v1/captchas
id=$(field .id)
call GET "/api/v1/captchas/$id/image"
equal "the captcha's picture arrives" "$status $(header content-type)" "200 image/png"
call GET "/api/v1/captchas/$id/audio?language=zh-CN"
equal "the captcha's sound arrives" "$status $(header content-type)" "200 audio/wav"

call POST /api/v1/registrations "$(jq -cn --arg username "$username" --arg password "$password" \
  --argjson captcha "$(captcha)" --argjson consents "$agreements" \
  '{$username, $password, password_confirmation: $password, $captcha, $consents, return_to: null}')" \
  --header "Idempotency-Key: topology-start-$username"
must "a registration starts" "$status $(field .stage)" "201 identity"
flow=/api/v1/registrations/$(field .id)

call PUT "$flow/identity" "$(jq -c '{name, document_type, document_number, issuing_country, gender, birth_date}' <<<"$person")"
must "the identity is taken" "$status $(field .stage)" "200 bank"

call POST "$flow/bank-verification" "$(jq -c '{bank_code, card_number, phone}' <<<"$person")" \
  --header "Idempotency-Key: topology-bank-$username"
must "the bank agrees" "$status $(field .stage)" "200 code"

if (($(answered a bank-verification) > 0)); then dead=a alive=b; else dead=b alive=a; fi
for node in a b; do
  matches "node $node has taken part" "$(answered "$node" '')" '^([4-9]|[1-9][0-9]+)$'
done
kill_node "$dead"
echo "# the node that answered the bank step ($dead) is killed"

if wait_until 75 latest_code "$phone"; then ok "the code is sent all the same"; else not_ok "the code is sent all the same"; fi
latest_code "$phone" || true
code=$(field '.items[0].code')

for round in 1 2 3 4; do
  call GET "$flow"
  equal "the draft is there, whichever node is asked ($round)" "$status $(field .stage)" "200 code"
done

call POST "$flow/confirmation" "$(jq -cn --arg code "$code" '{$code}')" \
  --header "Idempotency-Key: topology-confirm-$username"
must "the account is created" "$status $(field .account.username)" "201 $username"

login=$(jq -cn --arg username "$username" --arg password "$password" --argjson captcha "$(captcha)" \
  '{$username, $password, $captcha}')
call POST /api/v1/sessions "$login" --header 'X-Forwarded-For: 203.0.113.7'
must "signing in works on one node" "$status $(field .session.kind)" "201 browser"
equal "a client cannot choose its address through the proxy" "$(field .session.ip_prefix)" "127.0.0.0/24"

launch "$dead"
await_ready "$dead"
echo "# the node is back"
for node in a b; do
  call GET "http://localhost:${node_port[$node]}/api/v1/account"
  equal "node $node knows the session" "$status $(field .username)" "200 $username"
done
call GET /api/v1/account
equal "the document number is masked" "$(field .document_number | tr -dc '*' | wc -c)" 10
call GET /.well-known/jwks.json
keys=$(jq -c '[.keys[].kid]' <<<"$body")
call GET "http://localhost:${node_port[$alive]}/.well-known/jwks.json"
equal "both nodes publish the same keys" "$(jq -c '[.keys[].kid]' <<<"$body")" "$keys"

call DELETE /api/v1/sessions/current
equal "signing out works" "$status" 204
for node in a b; do
  call GET "http://localhost:${node_port[$node]}/api/v1/account"
  equal "node $node has forgotten the session" "$status $(field .code)" "401 not_signed_in"
done

login=$(jq -cn --arg username "$username" --arg password "$password" --argjson captcha "$(captcha)" \
  '{$username, $password, $captcha}')
call POST "http://localhost:${node_port[a]}/api/v1/sessions" "$login" --header 'X-Forwarded-For: 1.2.3.4, 203.0.113.7'
equal "a node believes what the proxy says, and no more" "$status $(field .session.ip_prefix)" "201 203.0.113.0/24"

# shellcheck source=scripts/topology-systems.sh
source scripts/topology-systems.sh

# --- The logs -----------------------------------------------------------------

echo "# the logs of all this"
jq -r '.name, .phone, .document_number, .card_number' <<<"$person" >"$scratch/personal"
if grep -q -F -f "$scratch/personal" -e "$username" -e 考生 -e 入职核验 \
  "$scratch"/node-*.log "$scratch/web/access.log" "$scratch/nginx.log"; then
  not_ok "no log holds personal data"
else
  ok "no log holds personal data"
fi

access_log() {
  jq -r "$1" "$scratch/web/access.log"
}
flow_id=${flow##*/}
if grep -q -e "$flow_id" -e '[0-9a-f]\{8\}-[0-9a-f]\{4\}-7' <(access_log .route) "$scratch/nginx.log"; then
  not_ok "the proxy logs no id of a draft, a session or a captcha"
else
  ok "the proxy logs no id of a draft, a session or a captcha"
fi
for route in '/api/v1/registrations/{id}/bank-verification' '/api/v1/captchas/{id}/image' \
  /api/v1/registrations '/sandbox/v1/captchas/{id}' /api/v1/sessions/current; do
  matches "the proxy logs $route" "$(access_log .route | grep -cFx -- "$route")" '^[1-9]'
done
call GET "/api/v1/registrations/王小明"
call GET "/13800138000"
equal "nor what somebody types into an address" "$(tail -n 2 "$scratch/web/access.log" | jq -r .route | paste -sd' ')" \
  '/api/v1/registrations/{id} (other)'

# --- The web client -----------------------------------------------------------

echo "# the web client through nginx"
# guards <header>...: these headers of the last answer, a line each.
guards() {
  local name
  for name in "$@"; do
    echo "$name: $(header "$name")"
  done
}
common=(content-security-policy x-content-type-options x-frame-options referrer-policy
  cross-origin-resource-policy cache-control)
of_pages=("${common[@]}" cross-origin-opener-policy permissions-policy)
of_problems=("${common[@]}" content-language)
asset=$(find "$dist/assets" -name '*.js' -size +1k | sort | head -n 1)
asset=${asset#"$dist"}
[[ -n $asset ]] || die "$dist/assets holds no script"

for path in / /register/identity "$asset"; do
  file=$dist/index.html
  [[ $path != "$asset" ]] || file=$dist$asset
  for coding in br gzip identity; do
    case $coding in
      br) suffix=.br wanted=br ;;
      gzip) suffix=.gz wanted=gzip ;;
      *) suffix='' wanted='' ;;
    esac
    if [[ -n $suffix && ! -f $file$suffix ]]; then
      if [[ $path == "$asset" ]]; then not_ok "$asset$suffix is built"; fi
      continue
    fi
    call GET "$path" '' --header "Accept-Encoding: $coding"
    equal "$path as $coding" "$status ${wanted:-plain}" "200 $(header content-encoding | sed 's/^$/plain/')"
    if cmp -s "$scratch/body" "$file$suffix"; then
      ok "$path as $coding is the file that was built"
    else
      not_ok "$path as $coding is the file that was built"
    fi
    equal "$path as $coding varies by encoding" "$(header vary)" "$([[ -f $file.gz ]] && echo Accept-Encoding)"
  done
done

call GET /
matches "pages are HTML" "$(header content-type)" '^text/html; charset=utf-8$'
equal "pages are asked for anew" "$(header cache-control)" no-cache
equal "pages are not sniffed" "$(header x-content-type-options)" nosniff
equal "pages are not framed" "$(header x-frame-options)" DENY
equal "pages tell no referrer" "$(header referrer-policy)" no-referrer
matches "pages may not use the camera" "$(header permissions-policy)" 'camera=\(\)'
equal "pages share no window with others" "$(header cross-origin-opener-policy)" same-origin
equal "nginx hides its version" "$(header server)" nginx
equal "plain HTTP promises no HTTPS" "$(header strict-transport-security)" ''
call GET / '' --header 'X-Forwarded-Proto: https'
equal "HTTPS is promised behind a TLS proxy" "$(header strict-transport-security)" max-age=31536000
call GET "$asset"
equal "assets are kept for a year" "$(header cache-control)" 'public, max-age=31536000, immutable'
matches "scripts are scripts" "$(header content-type)" '^(text|application)/javascript; charset=utf-8$'
for path in / "$asset"; do
  call GET "$path"
  guarded=$(guards "${of_pages[@]}")
  call GET "http://127.0.0.1:${node_port[a]}$path"
  equal "the API guards $path with the same headers" "$(guards "${of_pages[@]}")" "$guarded"
done
call HEAD "$asset"
equal "HEAD works" "$status" 200
for path in /assets/missing-00000000.js /missing.png /.env "$asset.gz"; do
  call GET "$path"
  equal "$path is not found" "$status $(header content-type) $(field .code)" \
    "404 application/problem+json not_found"
done
for language in zh-CN en fr,en zh,en ''; do
  call GET /missing.png '' --header "Accept-Language: $language"
  said=$(jq -c '{title, detail}' <<<"$body")
  guarded=$(guards "${of_problems[@]}")
  call GET "http://127.0.0.1:${node_port[a]}/missing.png" '' --header "Accept-Language: $language"
  equal "nginx says it as the API does ($language)" "$said" "$(jq -c '{title, detail}' <<<"$body")"
  equal "and guards it with the same headers ($language)" "$guarded" "$(guards "${of_problems[@]}")"
done
call POST / '{}'
equal "pages take no other method" "$status $(header content-type) $(field .code) $(header allow)" \
  "405 application/problem+json method_not_allowed GET, HEAD"
call GET /sandbox
matches "/sandbox is a page of the client" "$status $(header content-type)" '^200 text/html'

# --- The proxy ----------------------------------------------------------------

echo "# the proxy"
call GET /docs/
matches "the documentation is proxied" "$status $(header content-type)" '^200 text/html'
call GET /.well-known/openid-configuration
equal "what OpenID Connect clients ask first is proxied" "$status $(field .issuer)" "200 $base"
call POST /oauth2/token
matches "and so are the endpoints it names" "$status $(header content-type)" '^40[01] application/json'
call GET /healthz
equal "/healthz is proxied" "$status $(field .status)" "200 ok"
call GET /api/v1/nothing
equal "problems of the API pass unchanged" "$status $(header content-type) $(field .code)" \
  "404 application/problem+json not_found"
equal "headers of the API are not doubled" "$(header content-security-policy | tr -dc '|')" ''
printf '{"a":"%0100000d"}' 1 >"$scratch/large"
call POST /api/v1/registrations '' --header 'Content-Type: application/json' --data-binary "@$scratch/large"
equal "a body that is too large is a problem" "$status $(header content-type) $(field .code)" \
  "413 application/problem+json payload_too_large"
call GET /api/v1/banks '' --header "X-Long: $(printf '%09000d' 1)"
equal "headers that are too long are a problem" "$status $(field .code)" "400 malformed_request"

kill_node a
kill_node b
call GET /api/v1/banks
equal "without nodes the answer is a problem" "$status $(header content-type) $(field .code)" \
  "503 application/problem+json overloaded"
matches "and says when to come back" "$(header retry-after)" '^[0-9]+$'
call GET /
equal "while the client is still served" "$status" 200
