# Statistics over files of one number a line, and peak memory of processes.
# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is used by those who source it

median() {
  sort -n "$1" | awk '{ n[NR] = $1 } END { print NR % 2 ? n[(NR + 1) / 2] : (n[NR / 2] + n[NR / 2 + 1]) / 2 }'
}

range() { sort -n "$1" | awk 'NR == 1 { least = $1 } END { print "[" least " - " $1 "]" }'; }

ratio() { awk -v one="$1" -v two="$2" 'BEGIN { printf "%.1f", one / two }'; }

kilobytes_to_mib() { echo $((($1 + 1023) / 1024)); }

# The high-water mark of a running process in kB, which the kernel keeps; 0 once it is gone.
peak_of() { awk '/^VmHWM:/ { peak = $2 } END { print peak + 0 }' "/proc/$1/status" 2>/dev/null || echo 0; }

# `run_with_peak FILE COMMAND…` runs a command with its output in FILE, answers with its exit status and sets
# `peak_kilobytes`. Asks while it runs, because the mark is gone with the process; the last moments may be missed.
run_with_peak() {
  local output=$1 pid peak
  shift
  peak_kilobytes=0
  "$@" >"$output" &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    peak=$(peak_of "$pid")
    if ((peak > peak_kilobytes)); then peak_kilobytes=$peak; fi
    sleep 0.02
  done
  wait "$pid"
}
