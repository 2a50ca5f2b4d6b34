# Shared by the scripts of this folder; each sources it after `set -euo pipefail`.
# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is used by those who source it

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Says what is being done, apart from the output of the tools that do it.
say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
[[ -t 1 ]] || say() { printf '==> %s\n' "$*"; }

# Stops with one sentence about what is wrong and what to do.
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The value of one field, a number or a word, of a flat JSON object: `field created "$json"`.
field() {
  sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"\{0,1\}\([^\",}[:space:]]*\).*/\1/p" <<<"${2//$'\n'/ }"
}
