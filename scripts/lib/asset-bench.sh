# Measures files of assets on their way: figure beside goal, and an rsync daemon with the same files. Sourced by bench.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # shared with the script that sources this, and with sync-bench
#
# Two sets: ASSET_FILES files of 250 KB, and one of ASSET_LARGE MiB. Each round has a new destination, and pushes both
# there, once more without a change, and the large one after a kill at a moment that the round chooses. What a round made
# stays until the end, for some disks are slow to make files where others were just removed.

asset_files=${ASSET_FILES:-2000} asset_large=${ASSET_LARGE:-1024} asset_runs=${ASSET_RUNS:-3}

bench_assets() {
  mkdir -p "$scratch/figures"
  say "assets: $asset_files files of 250 KB, one of $asset_large MiB, over loopback, $asset_runs rounds"
  make_asset_source many "$asset_files" 250000
  make_asset_source large 1 $((asset_large << 20))
  local round
  for ((round = 1; round <= asset_runs; round++)); do
    asset_round many "$round"
    asset_round large "$round"
    killed_round "$round"
    rsync_round many rsync
    rsync_round large rsync
    rsync_round many rsync-fsync --fsync
    rsync_round large rsync-fsync --fsync
  done
  report_assets
}

# `make_asset_source NAME COUNT BYTES`: an instance with files that nobody could compress, kept beside it for rsync.
make_asset_source() {
  local number folder=$scratch/$1-files
  make_instance "$1"
  mkdir "$folder"
  for ((number = 1; number <= $2; number++)); do
    # Chance must not make one begin like a program, which is refused.
    { printf '\0\0\0\0' && head -c "$(($3 - 4))" /dev/urandom; } >"$folder/$number.bin"
  done
  "$tidelock" -C "$scratch/$1" asset add "$folder" --recursive >/dev/null
}

asset_total() { du -sb --apparent-size "$scratch/$1-files" | awk '{ print $1 }'; }

# `asset_round SET ROUND`
asset_round() {
  local target=$1-there$2
  make_instance "$target"
  serve_target "$1" "$target"
  sync
  push_files "$1" "$target"
  record "$1.rate" $(($(asset_total "$1") / 1000 / $(field milliseconds "$result")))
  record "$1.client" "$(megabytes "$peak_kilobytes")"
  push_files "$1" "$target"
  record "$1.again" "$(traffic)"
  record "$1.server" "$(megabytes "$(peak_of "$server_pid")")"
  expect_equal_files "$1" "$target"
  stop_server "$server_pid"
}

push_files() {
  push "$1" "$2"
  [[ $(field verified "$result") == true ]] || fail "the sides were not proved equal: $(head -c 2000 <<<"$result")"
}

expect_equal_files() {
  local here there
  here=$(cd "$scratch/$1/storage/uploads" && find . -type f -exec sha256sum {} + | sort | sha256sum)
  there=$(cd "$scratch/$2/storage/uploads" && find . -type f -exec sha256sum {} + | sort | sha256sum)
  [[ $here == "$there" ]] || fail "the files of $2 are not those of $1"
}

# The large file is on its way when the command is killed; what a second push sends beyond what was missing is waste.
killed_round() {
  local target=killed$1 pid kept=0 wanted=$(((asset_large << 20) / (asset_runs + 1) * $1)) deadline=$((SECONDS + 60))
  make_instance "$target"
  serve_target large "$target"
  "$tidelock" -C "$scratch/large" push "$target" >/dev/null 2>&1 &
  pid=$!
  until kept=$(arrived_bytes "$target") && ((kept >= wanted)); do
    kill -0 "$pid" 2>/dev/null || fail "the push ended before it was killed"
    ((SECONDS < deadline)) || fail "the push made no progress"
    sleep 0.01
  done
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
  # What the server had received when the command died it may still be writing.
  sleep 1
  kept=$(arrived_bytes "$target")
  push_files large "$target"
  record killed.waste $(($(field bytesSent "$result") - ((asset_large << 20) - kept)))
  expect_equal_files large "$target"
  stop_server "$server_pid"
}

arrived_bytes() {
  find "$scratch/$1/storage/blobs/arriving" -type f -printf '%s\n' 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}

# `rsync_round SET FIGURE [OPTION]`: the same files through an rsync daemon over loopback. By itself it leaves it to the
# system when they reach the disk; with --fsync they have when it ends, as with us.
rsync_round() {
  command -v rsync >/dev/null || return 0
  [[ -z ${3:-} ]] || rsync --help | grep -q -e "$3" || return 0
  local port began there
  there=$(mktemp -d "$scratch/rsync-XXXXXX")
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  printf 'use chroot = no\n[there]\npath = %s\nread only = no\nuid = %s\ngid = %s\n' "$there" \
    "$(id -u)" "$(id -g)" >"$scratch/rsyncd.conf"
  rsync --daemon --no-detach --address 127.0.0.1 --port "$port" --config "$scratch/rsyncd.conf" &
  rsync_pid=$!
  until rsync "rsync://127.0.0.1:$port/" >/dev/null 2>&1; do
    kill -0 "$rsync_pid" 2>/dev/null || fail "the rsync daemon did not start"
    sleep 0.05
  done
  sync
  began=$(milliseconds_now)
  rsync -a ${3:+"$3"} "$scratch/$1-files/" "rsync://127.0.0.1:$port/there/"
  record "$1.$2" $(($(asset_total "$1") / 1000 / ($(milliseconds_now) - began)))
  kill -TERM "$rsync_pid"
  wait "$rsync_pid" 2>/dev/null || true
}

report_assets() {
  local name
  goals=0 reached=0
  printf '\n  %-38s %11s  %-25s %-11s %s\n' '' median '[least - most]' goal reached
  for name in many large; do
    heading "$([[ $name == many ]] && echo "$asset_files files of 250 KB" || echo "one file of $asset_large MiB"), durable"
    if [[ -s $scratch/figures/$name.rsync ]]; then
      row 'rsync daemon, MB/s' "$name.rsync"
      [[ ! -s $scratch/figures/$name.rsync-fsync ]] || row 'rsync daemon with --fsync, MB/s' "$name.rsync-fsync"
      row 'tidelock, MB/s' "$name.rate" '>=' "$(median "$scratch/figures/$name.rsync")"
    else
      row 'tidelock, MB/s (rsync not installed)' "$name.rate"
    fi
    limit 'peak of the command, MB' "$name.client" '<=' 100
    limit 'peak of the server, MB' "$name.server" '<=' 100
    limit 'second push, bytes both ways' "$name.again" '<=' 4096
  done
  heading "the large file after kill -9 of the command"
  limit 'bytes sent again' killed.waste '<=' 8388608
  printf '\n  goals reached: %s of %s. Speeds count by their median, everything else by its worst round.\n\n' "$reached" "$goals"
}
