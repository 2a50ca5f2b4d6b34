# Measures what the sync engine promises: figure beside goal. Sourced by bench.
# shellcheck shell=bash
# shellcheck disable=SC2154 # shared with the script that sources this
#
# Two sources. The narrow one has SYNC_ITEMS items of 2.9 KB: first push and rollback. The wide one has SYNC_MANY items
# of 1.3 KB and goes through everything else; with SYNC_MANY=0 the narrow one does that too. Every round has a new and
# empty destination. A step that did not do what it is measured for ends the bench.

sync_items=${SYNC_ITEMS:-100000} sync_many=${SYNC_MANY:-1000000} sync_runs=${SYNC_RUNS:-3}
edits=10
note=000000000000000000000000

bench_sync() {
  check_amounts
  mkdir "$scratch/figures"
  say "sync: $sync_items items of 2.9 KB, $sync_many of 1.3 KB, one handler, over loopback, $sync_runs rounds"
  local round wide=source
  make_source source "$sync_items" ""
  for ((round = 1; round <= sync_runs; round++)); do narrow_round "$round"; done
  if ((sync_many > 0)); then
    wide=wide
    make_source wide "$sync_many" 1
  fi
  for ((round = 1; round <= sync_runs; round++)); do wide_round "$wide" "$round"; done
  copy_with_other_tools
  report_sync
}

check_amounts() {
  local number
  for number in "$sync_items" "$sync_many" "$sync_runs"; do
    [[ $number =~ ^[0-9]+$ ]] || fail "'$number' is no number; see SYNC_ITEMS, SYNC_MANY and SYNC_RUNS"
  done
  ((sync_items >= 100 && sync_runs >= 1)) || fail "SYNC_ITEMS is at least 100 and SYNC_RUNS at least 1"
  ((sync_many == 0 || sync_many >= 100)) || fail "SYNC_MANY is 0 or at least 100"
  command -v python3 >/dev/null || fail "python3 is missing: it probes the store while runs are at work"
}

# MARK: Figures

# `record NAME NUMBER`: one more measurement of that name.
record() {
  [[ $2 =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail "$1 is no number: '$2'"
  echo "$2" >>"$scratch/figures/$1"
}

# `record_fields NAME JSON FIELD…`: fields of a report as NAME.FIELD.
record_fields() {
  local name=$1 json=$2 each
  shift 2
  for each in "$@"; do record "$name.$each" "$(field "$each" "$json")"; done
}

megabytes() { awk -v kilobytes="$1" 'BEGIN { printf "%.0f", kilobytes * 1024 / 1000000 }'; }

milliseconds_now() { echo $(($(date +%s%N) / 1000000)); }

# MARK: Instances

# `make_source NAME COUNT SMALL` sets how its items are made, too.
make_source() {
  local from slice=100000 part
  make_instance "$1"
  small=$3
  use_handlers "$1"
  for ((from = 0; from < $2; from += slice)); do
    part=$((from + slice <= $2 ? slice : $2 - from))
    items_of "$part" "" "$from" >"$scratch/part.ndjson"
    "$tidelock" -C "$scratch/$1" import "$scratch/part.ndjson" --model articles >/dev/null
  done
  rm "$scratch/part.ndjson"
}

# `items_of COUNT [CHANGE] [FIRST]`
items_of() { awk -v count="$1" -v change="${2-}" -v first="${3-0}" -v small="$small" -f scripts/lib/items.awk; }

# `edit INSTANCE MARK` changes the title of the first items.
edit() {
  items_of "$edits" "$2" >"$scratch/edits.ndjson"
  local answer
  answer=$("$tidelock" -C "$scratch/$1" import "$scratch/edits.ndjson" --model articles --json)
  [[ $(field updated "$answer") == "$edits" ]] ||
    fail "not all of the $edits edits changed something in $1"
}

# `use_handlers INSTANCE [EDIT]`: the handler as it is, with a comment added, or such that 3 % of the items differ.
use_handlers() {
  local file=$scratch/$1/hooks/10-strip-internal.lua
  cp hooks/10-strip-internal.lua "$file"
  case ${2-} in
  comment) echo '-- Says the same in other words.' >>"$file" ;;
  three-percent) cat scripts/lib/three-percent.lua >>"$file" ;;
  esac
}

# The destination has an item of its own, for the probe to read.
make_destination() {
  make_instance "$1"
  echo "{\"_id\":\"$note\",\"text\":\"read while others write\"}" >"$scratch/note.json"
  "$tidelock" -C "$scratch/$1" put content/notes "$scratch/note.json" >/dev/null
}

# `serve_target SOURCE DESTINATION`
serve_target() {
  start_server "$scratch/$2" "$scratch/server.log"
  set_target "$scratch/$1" "$server_uri" "$("$tidelock" -C "$scratch/$2" keys show)" "$2"
}

store_of() { echo "$scratch/$1/storage/tidelock.sqlite"; }

# `restore INSTANCE`: a backup takes the place of the store, as the README says; nothing runs there.
restore() {
  rm -f "$(store_of "$1")"{,-wal,-shm}
  mv "$scratch/$1.backup" "$(store_of "$1")"
}

# MARK: Pushes

# `push SOURCE TARGET` sets `result` and `peak_kilobytes`.
push() {
  run_with_peak "$scratch/result" "$tidelock" -C "$scratch/$1" push "$2" --json ||
    fail "the push from $1 failed: $(cat "$scratch/result")"
  result=$(cat "$scratch/result")
}

# `push_exactly STEP SENT SOURCE TARGET`: after it both sides are proved equal and so many items were sent.
push_exactly() {
  push "$3" "$4"
  sent=$(($(field created "$result") + $(field updated "$result") + $(field deleted "$result")))
  [[ $sent == "$2" ]] || fail "$1: $sent items were sent instead of $2: $(head -c 2000 <<<"$result")"
  [[ $(field verified "$result") == true ]] || fail "$1: the sides were not proved equal: $(head -c 2000 <<<"$result")"
  record "$1.bytes" "$(traffic)"
  record_fields "$1" "$result" milliseconds roundTrips handlerCalls
}

traffic() { echo $(($(field bytesSent "$result") + $(field bytesReceived "$result"))); }

# `record_first NAME COUNT`: rate and peaks of a first push.
record_first() {
  local ms
  ms=$(field milliseconds "$result")
  record "$1.rate" $(($2 * 1000 / ms))
  record "$1.client" "$(megabytes "$peak_kilobytes")"
  record "$1.server" "$(megabytes "$(peak_of "$server_pid")")"
}

# MARK: First push and rollback

narrow_round() {
  local target=narrow$1 began answer
  make_instance "$target"
  serve_target source "$target"
  push_exactly narrow "$sync_items" source "$target"
  record_first narrow "$sync_items"
  edit "$target" "made at the destination"
  began=$(milliseconds_now)
  answer=$("$tidelock" -C "$scratch/source" rollback "$(field run "$result")" --json)
  record rollback.milliseconds $(($(milliseconds_now) - began))
  [[ $(field restored "$answer") == $((sync_items - edits)) ]] ||
    fail "the rollback took back $(field restored "$answer") items instead of $((sync_items - edits))"
  record rollback.kept "$(grep -o '"verdict"' <<<"$answer" | wc -l)"
  stop_server "$server_pid"
  rm -rf "${scratch:?}/$target"
}

# MARK: Everything else

wide_round() {
  local target=wide$2
  wide_count=$((sync_many > 0 ? sync_many : sync_items))
  use_handlers "$1"
  make_destination "$target"
  serve_target "$1" "$target"
  probed_first_push "$1" "$target"
  push_exactly unchanged 0 "$1" "$target"
  edit "$1" "round $2, for ten"
  push_exactly ten "$edits" "$1" "$target"
  edit_handlers "$1" "$target"
  restore_destination "$1" "$target" "$2"
  restore_source "$1" "$target" "$2"
  stop_server "$server_pid"
  rm -rf "${scratch:?}/$target"
}

probed_first_push() {
  start_probe "$2"
  push_exactly wide "$wide_count" "$1" "$2"
  record_first wide "$wide_count"
  stop_probe
}

start_probe() {
  local deadline=$((SECONDS + 20))
  : >"$scratch/probe.log"
  python3 scripts/lib/probe.py "$(store_of "$1")" "$note" >"$scratch/probe" 2>"$scratch/probe.log" &
  probe_pid=$!
  until grep -q ready "$scratch/probe.log"; do
    kill -0 "$probe_pid" 2>/dev/null || fail "the probe did not start: $(cat "$scratch/probe.log")"
    ((SECONDS < deadline)) || fail "the probe was not ready within 20 s"
    sleep 0.05
  done
}

stop_probe() {
  kill -TERM "$probe_pid" || fail "the probe ended early: $(cat "$scratch/probe.log")"
  wait "$probe_pid" || fail "the probe failed: $(cat "$scratch/probe.log")"
  probe_pid=
  record_fields probe "$(cat "$scratch/probe")" writeGap readLongest readInGap noiseLongest noiseInGap
}

# Numbers 0, 1 and 2 of every hundred differ under the third version.
edit_handlers() {
  use_handlers "$1" comment
  push_exactly comment 0 "$1" "$2"
  [[ $(field handlerCalls "$result") -gt 0 ]] || fail "an edited handler was not called: $(head -c 2000 <<<"$result")"
  use_handlers "$1" three-percent
  local rest=$((wide_count % 100))
  push_exactly three-percent $((wide_count / 100 * 3 + (rest < 3 ? rest : 3))) "$1" "$2"
}

# The destination goes back to before a push; the source's feed knows nothing of that.
restore_destination() {
  "$tidelock" -C "$scratch/$2" backup "$scratch/$2.backup" >/dev/null
  edit "$1" "round $3, lost at the destination"
  push_exactly before-restore "$edits" "$1" "$2"
  stop_server "$server_pid"
  restore "$2"
  serve_target "$1" "$2"
  push_exactly drift "$edits" "$1" "$2"
}

# The source goes back to before a push: what it had sent since is at the destination alone now.
restore_source() {
  "$tidelock" -C "$scratch/$1" backup "$scratch/$1.backup" >/dev/null
  edit "$1" "round $3, lost at the source"
  push_exactly before-restore "$edits" "$1" "$2"
  restore "$1"
  set_target "$scratch/$1" "$server_uri" "$("$tidelock" -C "$scratch/$2" keys show)" "$2"
  save_items "$2" >"$scratch/before"
  run_with_peak "$scratch/result" "$tidelock" -C "$scratch/$1" push "$2" --json || true
  result=$(cat "$scratch/result")
  [[ $(field status "$result") != failed || $(field code "$result") == conflicts ]] ||
    fail "the push of a restored source failed: $(head -c 2000 <<<"$result")"
  save_items "$2" >"$scratch/after"
  record restored.bytes "$(traffic)"
  record restored.listed "$(grep -o '"verdict"' <<<"$result" | wc -l)"
  record restored.silent "$(silently_replaced)"
}

# Digests of the items that were edited, as they are at the destination: `ID DIGEST`.
save_items() {
  local id
  items_of "$edits" | sed -n 's/.*"_id":"\([0-9a-f]*\)"}$/\1/p' | while read -r id; do
    echo "$id $("$tidelock" -C "$scratch/$1" get content/articles "$id" --raw | cksum)"
  done
}

# How many items are not what they were before, without being listed.
silently_replaced() {
  local id digest count=0
  while read -r id digest; do
    grep -qxF "$id $digest" "$scratch/after" || grep -qF "$id" <<<"$result" || count=$((count + 1))
  done <"$scratch/before"
  echo "$count"
}

# MARK: Other tools

# The narrow items, without handlers, from and to the same disk: what copying alone costs.
copy_with_other_tools() {
  local round
  small=""
  items_of "$sync_items" >"$scratch/items.ndjson"
  if command -v rsync >/dev/null; then
    mkdir "$scratch/files"
    awk -v folder="$scratch/files" '{ file = folder "/" NR ".json"; print >file; close(file) }' "$scratch/items.ndjson"
    for ((round = 1; round <= sync_runs; round++)); do
      timed rsync.first rsync -a "$scratch/files/" "$scratch/files-copy/"
      timed rsync.unchanged rsync -a "$scratch/files/" "$scratch/files-copy/"
      rm -rf "$scratch/files-copy"
    done
    rm -rf "$scratch/files"
  fi
  python3 scripts/peers/tables.py make "$scratch/items.ndjson" "$scratch/table.sqlite"
  for ((round = 1; round <= sync_runs; round++)); do
    # It knows no changes: a run without any is the whole copy once more.
    timed dump.first dump_and_load
    timed dump.unchanged dump_and_load
  done
  rm -f "$scratch/items.ndjson" "$scratch/table.sqlite" "$scratch/copy.sqlite"
}

dump_and_load() {
  rm -f "$scratch/copy.sqlite"
  if command -v sqlite3 >/dev/null; then
    sqlite3 "$scratch/table.sqlite" .dump | sqlite3 "$scratch/copy.sqlite"
  else
    python3 scripts/peers/tables.py copy "$scratch/table.sqlite" "$scratch/copy.sqlite"
  fi
}

# `timed NAME COMMAND…`
timed() {
  local name=$1 began
  shift
  began=$(milliseconds_now)
  "$@"
  record "$name" $(($(milliseconds_now) - began))
}

# MARK: Report

report_sync() {
  local many=$((sync_many > 0 ? sync_many : sync_items))
  goals=0 reached=0
  printf '\n  %-38s %11s  %-25s %-11s %s\n' '' median '[least - most]' goal reached
  record_growth client
  record_growth server
  heading "1. first push, $sync_items items of 2.9 KB, one handler, durable"
  row 'items/s' narrow.rate '>=' 25000
  limit 'peak of the command, MB' narrow.client '<=' 200
  limit 'peak of the server, MB' narrow.server '<=' 200
  heading " - first push, $many items of $( ((sync_many > 0)) && echo 1.3 || echo 2.9) KB, probed from outside"
  row 'items/s' wide.rate
  row 'peak of the command, MB' wide.client
  limit '  of that of the first, %' growth.client '<=' 120
  row 'peak of the server, MB' wide.server
  limit '  of that of the first, %' growth.server '<=' 120
  limit 'write lock not to be had, ms' probe.writeGap '<=' 6000
  limit 'longest read during that, ms' probe.readInGap '<=' 10
  row '  of an unused database, ms' probe.noiseInGap
  row 'longest read of the push, ms' probe.readLongest
  row '  of an unused database, ms' probe.noiseLongest
  heading "2. no change, $many items"
  limit 'round trips' unchanged.roundTrips '<=' 1
  limit 'bytes both ways' unchanged.bytes '<=' 4096
  limit 'handler calls' unchanged.handlerCalls '<=' 0
  row 'ms' unchanged.milliseconds '<=' 100
  heading " - $edits changes"
  limit 'round trips' ten.roundTrips '<=' 1
  limit 'bytes both ways' ten.bytes '<=' 16384
  row 'ms' ten.milliseconds '<=' 250
  heading "3. handler edited, equal outputs, $many items: nothing was sent"
  row 'ms' comment.milliseconds '<=' 60000
  row 'bytes both ways' comment.bytes
  heading " - 3 % different: only those were sent"
  row 'ms' three-percent.milliseconds
  row 'bytes both ways' three-percent.bytes
  heading "4. destination restored, $edits items unknown to the feed: exactly those were sent"
  limit 'bytes both ways' drift.bytes '<=' 65536
  row 'round trips' drift.roundTrips
  row 'ms' drift.milliseconds
  heading " - source restored, $edits newer items at the destination"
  limit 'replaced silently' restored.silent '<=' 0
  row 'listed as conflicts' restored.listed
  row 'bytes both ways' restored.bytes
  heading "5. rollback of $sync_items items, $edits of them edited at the destination since"
  row 'ms, start of the command to its end' rollback.milliseconds '<=' 5000
  limit 'edits kept and listed' rollback.kept '>=' "$edits"
  heading "6. kills are not part of this; run: scripts/torture --release --kills 500 --items $sync_items"
  heading "7. beside: $sync_items items of 2.9 KB without handlers, from and to the same disk"
  row 'tidelock, first run, ms' narrow.milliseconds
  row "tidelock, no change at $many, ms" unchanged.milliseconds
  row 'rsync -a, first run, ms' rsync.first
  row 'rsync -a, no change, ms' rsync.unchanged
  row 'sqlite3 .dump | sqlite3, first, ms' dump.first
  row 'sqlite3 .dump | sqlite3, again, ms' dump.unchanged
  printf '\n  goals reached: %s of %s. Speeds count by their median, everything else by its worst round.\n' \
    "$reached" "$goals"
  ((sync_items == 100000 && sync_many == 1000000)) ||
    printf '  The goals are meant for SYNC_ITEMS=100000 and SYNC_MANY=1000000.\n'
  printf '\n'
}

# Peaks of the wide push as a share of the median of the narrow one.
record_growth() {
  local peak usual
  usual=$(median "$scratch/figures/narrow.$1")
  while read -r peak; do
    record "growth.$1" "$(awk -v peak="$peak" -v usual="$usual" 'BEGIN { printf "%.0f", peak * 100 / usual }')"
  done <"$scratch/figures/wide.$1"
}

heading() { printf '\n  %s\n' "$1"; }

# `row LABEL NAME [WAY GOAL]`: what differs from round to round with the machine; the median counts.
row() {
  local figure=""
  if [[ -s $scratch/figures/$2 ]]; then figure=$(median "$scratch/figures/$2"); fi
  print_row "$figure" "$@"
}

# `limit LABEL NAME WAY GOAL`: what every round must keep, so the worst of them counts.
limit() {
  local order=-n
  if [[ $3 == '<=' ]]; then order=-nr; fi
  print_row "$(sort "$order" "$scratch/figures/$2" | sed -n 1p)" "$@"
}

# `print_row COUNTS LABEL NAME [WAY GOAL]`
print_row() {
  local file=$scratch/figures/$3 verdict=""
  [[ -n $1 ]] || { printf '    %-36s not installed\n' "$2" && return; }
  if [[ -n ${4-} ]]; then
    goals=$((goals + 1)) verdict=NO
    if awk -v one="$1" -v goal="$5" -v way="$4" 'BEGIN { exit !(way == "<=" ? one <= goal : one >= goal) }'; then
      reached=$((reached + 1)) verdict=yes
    fi
  fi
  printf '    %-36s %11s  %-25s %-11s %s\n' "$2" "$(median "$file")" "$(range "$file")" "${4-}${4:+ }${5-}" "$verdict"
}
