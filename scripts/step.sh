#!/usr/bin/env bash
# Runs one step of a long run under a heading, and prints how long it took.
#
#   scripts/step.sh <name> <command>...
#   scripts/step.sh --all <command>...   a command that has steps in it; prints
#                                        a table of them at the end
#
# The status is that of the command.
#
#   STEPS_LOG  where steps are written down for --all, which sets it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

(($# >= 2)) || die "usage: step.sh <name>|--all <command>..."
name=$1
shift

heading() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

# Tenths of a second since the script started.
elapsed() { echo $(((${EPOCHREALTIME//[!0-9]/} - started) / 100000)); }

end_step() {
  local tenths verdict=passed
  tenths=$(elapsed)
  [[ $status == 0 ]] || verdict=FAILED
  printf '== %s: %s after %d.%d s\n' "$name" "$verdict" $((tenths / 10)) $((tenths % 10))
  if [[ -n ${STEPS_LOG:-} ]]; then printf '%d\t%s\t%s\n' "$tenths" "$verdict" "$name" >>"$STEPS_LOG"; fi
}

end_all() {
  heading 'seconds of each step'
  awk -F '\t' -v total="$(elapsed)" '
    { printf "%8.1f  %s%s\n", $1 / 10, $3, $2 == "passed" ? "" : "  " $2; sum += $1 }
    END {
      printf "%8.1f  between the steps: installing and building\n", (total - sum) / 10
      printf "%8.1f  in all\n", total / 10
    }' "$STEPS_LOG"
  rm -f "$STEPS_LOG"
  if [[ $status == 0 ]]; then heading 'everything passed'; else heading 'FAILED'; fi
}

# Also runs when the command is interrupted.
finish() {
  if [[ $name == --all ]]; then end_all; else end_step; fi
  exit "$status"
}

started=${EPOCHREALTIME//[!0-9]/}
status=1
trap finish EXIT
if [[ $name == --all ]]; then
  STEPS_LOG=$(mktemp)
  export STEPS_LOG
else
  heading "$name"
  printf '%s\n' "$*"
fi
if "$@"; then status=0; else status=$?; fi
