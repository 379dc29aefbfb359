# shellcheck shell=bash disable=SC2034 # POSTGRES_URL is for those who source it
# Functions for the scripts beside this file. Source it; it runs nothing.

# Says why, and ends the script.
die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# A TCP port that nobody listens on at this moment.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
}

# wait_until <seconds> <command>...: repeats the command until it succeeds.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= end)); then
      return 1
    fi
    sleep 0.1
  done
}

# Folder with initdb and pg_ctl; version 15 or the newest there is.
postgres_bin() {
  local folder
  for folder in /usr/lib/postgresql/15/bin $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    if [[ -x $folder/initdb ]]; then
      echo "$folder"
      return
    fi
  done
  folder=$(command -v initdb) || die "PostgreSQL is not installed (Debian: apt-get install postgresql)"
  dirname "$folder"
}

# PostgreSQL and nginx run without privileges: as root, this runs a command as
# another user.
# as_user <user> <command>...
as_user() {
  local user=$1
  shift
  if [[ $(id -u) == 0 ]]; then
    runuser -u "$user" -- "$@"
  else
    "$@"
  fi
}

# start_postgres <folder>: makes and starts a throw-away cluster in the folder
# and sets POSTGRES_URL. It is fast and keeps nothing safe (no fsync), unless
# DURABLE=1 asks for what an installation has. STATEMENTS=1 loads
# pg_stat_statements, which counts where pg_stat_statements.track is set.
start_postgres() {
  local folder=$1 bin port try safe=off libraries=
  [[ ${DURABLE:-0} == 0 ]] || safe=on
  [[ ${STATEMENTS:-0} == 0 ]] ||
    libraries='-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.track=none'
  bin=$(postgres_bin)
  mkdir -p "$folder"
  if [[ $(id -u) == 0 ]]; then
    id postgres >/dev/null 2>&1 || die "running as root needs a user 'postgres' to start PostgreSQL with"
    chown postgres "$folder"
  fi
  (cd / && as_user postgres "$bin/initdb" --pgdata="$folder/data" --username=shiming --auth=trust \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder.log" 2>&1) ||
    { cat "$folder.log" >&2; die "initdb failed"; }
  # Another process may take the free port in between.
  for try in 1 2 3; do
    port=$(free_port)
    if (cd / && as_user postgres "$bin/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait --silent \
      --options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' \
        -c max_connections=300 -c fsync=$safe -c synchronous_commit=$safe -c full_page_writes=$safe $libraries" \
      start >/dev/null 2>&1); then
      POSTGRES_FOLDER=$folder
      POSTGRES_URL=postgres://shiming@127.0.0.1:$port/postgres
      return
    fi
  done
  cat "$folder/log" >&2
  die "PostgreSQL did not start ($try tries)"
}

# Stops what start_postgres started.
stop_postgres() {
  if [[ -n ${POSTGRES_FOLDER:-} ]]; then
    (cd / && as_user postgres "$(postgres_bin)/pg_ctl" --pgdata="$POSTGRES_FOLDER/data" \
      --mode=immediate --silent stop >/dev/null 2>&1) || true
    POSTGRES_FOLDER=
  fi
}

# render_nginx <target> <folder> <port> <spa> <node 1> <node 2>: deploy/nginx.conf
# with other addresses and folders, and nothing else changed.
render_nginx() {
  local target=$1 folder=$2 port=$3 spa=$4 first=$5 second=$6 marks
  sed -E \
    -e "s|/tmp/([a-z.]+); # test: folder|$folder/\1;|" \
    -e "s|/dev/stdout brief; # test: log|$folder/access.log brief;|" \
    -e "s|api-1:8080 (.*) # test: node 1|$first \1|" \
    -e "s|api-2:8080 (.*) # test: node 2|$second \1|" \
    -e "s|listen 8080; # test: listen|listen 127.0.0.1:$port;|" \
    -e "s|/srv/spa; # test: root|$spa;|" \
    deploy/nginx.conf >"$target"
  marks=$(grep -c '# test:' "$target") || true
  [[ $marks == 0 ]] || die "deploy/nginx.conf has $marks lines for the test that render_nginx does not know"
}
