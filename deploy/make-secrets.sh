#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml reads, in deploy/secrets, unless
# they are there. The folder is closed to others; the files in it are readable,
# because containers see them with these very modes under other user ids.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/secrets"
chmod 700 .
if [[ -e database_password || -e database_url ]]; then
  echo "deploy/secrets: there already, nothing changed"
  exit 0
fi
password=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
umask 022
printf '%s' "$password" >database_password
printf 'postgres://shiming:%s@database/shiming' "$password" >database_url
echo "deploy/secrets: made database_password and database_url"
