#!/bin/sh
# Runs a file of jobs and tells a Slack channel how that went:
#   sync-with-notification.sh jobs/sync-to-production.lua
# Needs SLACK_URL in the environment, the address of an incoming webhook. Ends with the exit status of the run, so that
# cron or whoever else started it learns of a failure as well, also when Slack does not answer.
set -eu

jobs=${1:?Name the file of jobs}
: "${SLACK_URL:?Set it to the address of an incoming webhook}"
complaints=$(mktemp)
trap 'rm -f "$complaints"' EXIT

status=0
tidelock run "$jobs" 2>"$complaints" || status=$?
cat "$complaints" >&2

if [ "$status" -eq 0 ]; then
  text="$jobs was run."
else
  text="$jobs failed with status $status: $(cat "$complaints")"
fi

# On one line, and with what Slack and JSON give a meaning of its own written out.
message=$(printf '%s' "$text" | tr '\000-\037' ' ' |
  sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/\\/\\\\/g; s/"/\\"/g')

# The address is a secret: among the arguments of curl every user of this machine could read it.
printf 'url = "%s"\n' "$SLACK_URL" |
  curl --config - --fail --silent --show-error --max-time 10 --output /dev/null \
    --header 'Content-Type: application/json' --data "{\"text\": \"$message\"}" ||
  echo "sync-with-notification.sh: Slack could not be told" >&2

exit "$status"
