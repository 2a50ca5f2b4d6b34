#!/bin/sh
# Checks whether all targets answer and accept our key, and writes what it found to a file that a monitor can read:
#   health-check.sh /var/www/health.json
# The file is replaced as a whole: by a list of the targets, or by an object with an "error" where none could be asked.
# The exit status is 0 only if all targets are well.
set -eu

file=${1:?Name the file to write}
new=$file.new

status=0
tidelock health --json >"$new" || status=$?

# Without an answer at all, an old one must not look like a new one.
if [ -s "$new" ]; then mv "$new" "$file"; else rm -f "$new" "$file"; fi

if [ "$status" -eq 0 ]; then
  echo "all targets are well"
else
  echo "not all targets are well; 'tidelock health' says which" >&2
fi
exit "$status"
