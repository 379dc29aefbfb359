#!/usr/bin/env bash
# Checks what no compiler sees: shell scripts, Dockerfiles, YAML files, and the
# configuration of nginx.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

tools=${CARGO_TARGET_DIR:-target}/lint-ops
if ! cmp -s scripts/lint-ops.txt "$tools/installed.txt"; then
  echo "installing shellcheck, hadolint, yamllint and check-jsonschema into $tools"
  rm -rf "$tools"
  python3 -m venv "$tools" || die "python3 cannot make a venv (Debian: apt-get install python3-venv)"
  "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/lint-ops.txt
  cp scripts/lint-ops.txt "$tools/installed.txt"
fi

scripts=(.ci/run api/data/captcha/*.sh deploy/*.sh scripts/*.sh)
"$tools/bin/shellcheck" --external-sources "${scripts[@]}"
echo "shellcheck: ${#scripts[@]} scripts are fine"

"$tools/bin/hadolint" --failure-threshold=info deploy/Dockerfile.*
echo "hadolint: the Dockerfiles are fine"

"$tools/bin/yamllint" --strict --config-data \
  '{extends: default, rules: {line-length: {max: 110}, document-start: disable}}' docker-compose.yml openapi/*.yaml
"$tools/bin/check-jsonschema" --quiet --builtin-schema vendor.compose-spec docker-compose.yml
echo "docker-compose.yml and openapi/*.yaml: form and schema are fine"

PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || die "nginx is not installed (Debian: apt-get install nginx-light)"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
render_nginx "$scratch/nginx.conf" "$scratch" 8080 "$scratch" 127.0.0.1:8081 127.0.0.1:8082
nginx -e stderr -q -t -c "$scratch/nginx.conf"
echo "nginx: deploy/nginx.conf is fine"
