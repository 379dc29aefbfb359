# shellcheck shell=bash disable=SC2154 # what is not set here is set by the script that sources it
# The part of topology-test.sh about business systems: whatever one node begins,
# the other goes on with. Needs somebody who is signed in.

echo "# business systems, whose requests go to either node"
callback=https://ks.example.gov.cn/callback
signed_out=https://ks.example.gov.cn/signed-out
# RFC 7636, appendix B.
verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
# What is for no log.
hidden=()
hide() {
  local one
  for one in "$@"; do
    [[ -z $one ]] || hidden+=("$one")
  done
}

# at <node> <path>: the address of a node itself, past the proxy.
at() {
  echo "http://localhost:${node_port[$1]}$2"
}

# operator <command>...: at the command line, with what the nodes are started with.
operator() {
  env --ignore-environment PATH="$PATH" DATABASE_URL="$POSTGRES_URL" \
    SHIMING__KEYS__FILE="$scratch/keys/keyring.json" \
    SHIMING__WEBHOOKS__ALLOWED_NETWORKS="$local_networks" "$binary" "$@"
}

# use <file>: the system whose registration this is speaks from now on.
use() {
  client=$(jq -r .client.id "$1")
  secret=$(jq -r .client_secret "$1")
  hide "$secret"
}

# ask <address> <field>...: the system asks something, with its secret.
ask() {
  local address=$1 field fields=()
  shift
  for field in "$@"; do fields+=(--data-urlencode "$field"); done
  call POST "$address" '' --user "$client:$secret" "${fields[@]}"
}

# The usual request for a sign-in, as fields.
request=("response_type=code" "redirect_uri=$callback" "scope=openid profile realname"
  "state=af0ifjsldkj" "code_challenge=$challenge" "code_challenge_method=S256")

# come <address of a node or of the proxy> [field]...: a person comes from the
# system, with the usual request or this one; sets sign_in, the path that waits.
come() {
  local address=$1 field options=(--get --data-urlencode "client_id=$client")
  shift
  (($# > 0)) || set -- "${request[@]}"
  for field in "$@"; do options+=(--data-urlencode "$field"); done
  call GET "$address/oauth2/authorize" '' "${options[@]}"
  sign_in=$(header location)
  sign_in=/api/v1/authorizations/${sign_in##*/}
}

# allow <address>: agrees to what is shown; sets code.
allow() {
  call GET "$1$sign_in"
  call POST "$1$sign_in/decision" "$(jq -c '{decision: "allow", confirmation}' <<<"$body")"
  code=$(field .redirect_to | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')
  hide "$code"
}

# keep_tokens: of the last answer.
keep_tokens() {
  access=$(field .access_token)
  refresh=$(field .refresh_token)
  hide "$access" "$refresh"
}

# exchange <address>: trades the code; sets access and refresh.
exchange() {
  ask "$1/oauth2/token" grant_type=authorization_code "code=$code" "redirect_uri=$callback" \
    "code_verifier=$verifier"
  keep_tokens
}

# renew <address>: trades the refresh token.
renew() {
  ask "$1/oauth2/token" grant_type=refresh_token "refresh_token=$refresh"
  keep_tokens
}

# userinfo <address>: what the access token opens.
userinfo() {
  call GET "$1/oauth2/userinfo" '' --header "Authorization: Bearer $access"
}

# claims <JWT>: what it says.
claims() {
  jq -cR 'split(".")[1] | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson' <<<"$1"
}

# reached <node>: whether the proxy sends it requests, which it does not for some
# seconds after a node was down.
reached() {
  local count
  count=$(answered "$1" /api/v1/banks)
  curl -fs "$base/api/v1/banks"
  (($(answered "$1" /api/v1/banks) > count))
}

# told <path>: what the listener was told there, one thing a line.
told() {
  jq -c --arg path "$1" 'select(.path == $path)' "$scratch/told" 2>/dev/null || true
}
has_told() {
  [[ -n $(told "$1") ]]
}
# once <what> <path>: it comes, and not again while both nodes have looked for
# more, during the answer and after it.
once() {
  wait_until 30 has_told "$2" || true
  sleep 5
  equal "$1" "$(told "$2" | wc -l)" 1
}

node_a=$(at a '') node_b=$(at b '')
start_listener

jq -n --arg callback "$callback" --arg signed_out "$signed_out" \
  --arg notice "http://localhost:$listener_port/backchannel-logout" \
  '{client_name: "考生服务系统", owner: "深圳市考试院", token_endpoint_auth_method: "client_secret_basic",
    grant_types: ["authorization_code", "refresh_token"], scope: "openid profile realname",
    redirect_uris: [$callback], post_logout_redirect_uris: [$signed_out],
    backchannel_logout_uri: $notice}' >"$scratch/candidate.json"
operator clients create --file "$scratch/candidate.json" >"$scratch/candidate"
operator clients create --name 人事系统 --owner 某某局 --redirect-uri "$callback" \
  --scope 'openid identity:check webhooks:manage' >"$scratch/hr"

# --- A sign-in ---------------------------------------------------------------

use "$scratch/candidate"
come "$node_a"
must "a person comes from a system to node a" "$status" 303
call GET "$node_b$sign_in"
must "node b asks for the consent" "$status $(field .state) $(field .client.name)" "200 consent 考生服务系统"
allow "$node_b"
must "and takes it" "$status" 200
exchange "$node_a"
must "node a trades the code" "$status $(field .token_type)" "200 Bearer"
first=$(field .id_token)
hide "$first"
equal "for whoever signed in at this server" "$(claims "$first" | jq -r '[.iss, .aud] | join(" ")')" "$base $client"
renew "$node_b"
must "node b trades the refresh token that node a gave" "$status" 200
ask "$node_a/oauth2/introspect" "token=$access"
equal "node a knows the access token that node b gave" "$status $(field .active)" "200 true"
userinfo "$node_a"
equal "and tells whose it is" "$status $(field .preferred_username)" "200 $username"
equal "as the bank knows the name" "$(field .name)" "$(jq -r .name <<<"$person")"
equal "under the name of the ID token" "$(field .sub)" "$(claims "$first" | jq -r .sub)"

ask "$node_b/oauth2/token" grant_type=authorization_code "code=$code" "redirect_uri=$callback" \
  "code_verifier=$verifier"
equal "node b refuses the code that node a has traded" "$status $(field .error)" "400 invalid_grant"
userinfo "$node_a"
equal "and with it end, at node a, the access token" "$status" 401
ask "$node_a/oauth2/introspect" "token=$access"
equal "of which it tells nothing more" "$status $body" '200 {"active":false}'
ask "$node_a/oauth2/token" grant_type=refresh_token "refresh_token=$refresh"
equal "and the refresh token" "$status $(field .error)" "400 invalid_grant"

ask "$node_a/oauth2/par" "${request[@]}"
must "a request is pushed to node a" "$status" 201
pushed=request_uri=$(field .request_uri)
come "$node_b" "$pushed"
must "a person comes with it to node b" "$status" 303
call GET "$node_a$sign_in"
equal "where nothing is asked that was agreed to" "$status $(field .state)" "200 ready"
call GET "$node_a/oauth2/authorize" '' --get --data-urlencode "client_id=$client" --data-urlencode "$pushed"
equal "node a takes it no second time" "$status" 400
allow "$node_a"
exchange "$node_b"
must "it ends in tokens" "$status" 200

for node in a b; do
  wait_until 15 reached "$node" || true
  before["$node"]=$(answered "$node" /oauth2/)
done
come "$base"
allow "$base"
exchange "$base"
must "a sign-in works through the proxy, which sends each request to another node" "$status" 200
for round in 1 2 3 4; do
  renew "$base"
  must "so does a refresh ($round)" "$status" 200
  userinfo "$base"
  equal "and its token ($round)" "$status $(field .preferred_username)" "200 $username"
done
for node in a b; do
  matches "node $node has taken part in it" "$(($(answered "$node" /oauth2/) - before["$node"]))" '^([2-9]|1[0-9])$'
done

come "$node_a"
allow "$node_a"
kill_node a
echo "# the node that took the decision is killed"
exchange "$node_b"
must "the other one trades the code" "$status" 200
for round in 1 2 3 4; do
  userinfo "$base"
  equal "and its tokens work through the proxy ($round)" "$status $(field .preferred_username)" "200 $username"
done
launch a
await_ready a
echo "# the node is back"
userinfo "$node_a"
equal "and knows the tokens" "$status $(field .preferred_username)" "200 $username"

# --- What a system does for itself -------------------------------------------

use "$scratch/hr"
ask "$node_a/oauth2/token" grant_type=client_credentials 'scope=identity:check webhooks:manage'
must "a system gets a token of its own" "$status" 200
token=$(field .access_token)
hide "$token"
question=$(jq -c '{name, document_type, document_number, purpose: "入职核验"}' <<<"$person")
for node in a b a; do
  call POST "$(at "$node" /api/v1/identity-checks)" "$question" --header "Authorization: Bearer $token" \
    --header "Idempotency-Key: topology-check-$username"
  equal "node $node answers an identity check" "$status $(field .match)" "200 true"
  answers[${#answers[@]}]=$body
done
equal "the same each time" "$(printf '%s\n' "${answers[@]}" | sort -u | wc -l)" 1
call GET "$node_b/api/v1/account/identity-checks"
equal "which was one check, and the person reads of it" \
  "$status $(jq -c '[.items[] | [.purpose, .matched, .client.name]]' <<<"$body")" \
  '200 [["入职核验",true,"人事系统"]]'

# --- What a system is told ------------------------------------------------------

call POST "$node_a/api/v1/webhooks" \
  "{\"url\": \"http://localhost:$listener_port/webhook\", \"kinds\": [\"consent.withdrawn\"]}" \
  --header "Authorization: Bearer $token" --header "Idempotency-Key: topology-webhook-$username"
must "a webhook is registered at node a" "$status" 201
hide "$(field .secret)"
come "$node_a" "response_type=code" "redirect_uri=$callback" "scope=openid" \
  "code_challenge=$challenge" "code_challenge_method=S256"
allow "$node_b"
exchange "$node_a"
subject=$(claims "$(field .id_token)" | jq -r .sub)
hide "$(field .id_token)"
call DELETE "$node_b/api/v1/account/authorized-systems/$client"
must "a consent is withdrawn at node b" "$status" 204
userinfo "$node_a"
equal "which ends the token at node a" "$status" 401
once "its webhook comes once, although both nodes send" /webhook
equal "with an id, and says what has happened to whom" \
  "$(told /webhook | jq -r '[(.id | length > 0), (.body | fromjson | .type, .data.sub)] | join(" ")')" \
  "true consent.withdrawn $subject"

use "$scratch/candidate"
come "$node_b"
allow "$node_a"
exchange "$node_b"
id_token=$(field .id_token)
hide "$id_token"
call GET "$node_a/oauth2/logout" '' --get --data-urlencode "id_token_hint=$id_token" \
  --data-urlencode "post_logout_redirect_uri=$signed_out"
equal "a system signs the person out at node a" "$status $(header location)" "303 $signed_out"
call GET "$node_b/api/v1/account"
equal "which is known at node b" "$status $(field .code)" "401 not_signed_in"
ask "$node_b/oauth2/introspect" "token=$access"
equal "and the tokens have ended there" "$status $body" '200 {"active":false}'
once "the notice of it comes once, although both nodes send" /backchannel-logout
logout_token=$(told /backchannel-logout | jq -r .body | sed -n 's/^logout_token=//p')
hide "$logout_token"
equal "and says which session of whom" "$(claims "$logout_token" | jq -c '[.aud, .sub, .sid]')" \
  "$(claims "$id_token" | jq -c '[.aud, .sub, .sid]')"

printf '%s\n' "${hidden[@]}" >"$scratch/hidden"
matches "codes, tokens and secrets were collected" "$(grep -c '^.\{20,\}$' "$scratch/hidden")" '^[2-9][0-9]$'
if grep -q -F -f "$scratch/hidden" "$scratch"/node-*.log "$scratch/web/access.log" "$scratch/nginx.log"; then
  not_ok "no log holds one of them"
else
  ok "no log holds one of them"
fi
