# What the demonstration and the benchmark share: instances, and servers that are ended by their process id.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # shared with the script that sources this

# Starts a server for instance $1 on a free port, with its output in the file $2. Sets `server_pid` and `server_uri`
# as soon as it answers.
start_server() {
  local log=$2 deadline=$((SECONDS + 20))
  : >"$log"
  "$tidelock" -C "$1" serve --port 0 >"$log" 2>&1 &
  server_pid=$!
  until server_uri=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$log" | head -n 1) && [[ -n $server_uri ]]; do
    kill -0 "$server_pid" 2>/dev/null || fail "the server of $1 did not start: $(tail -n 5 "$log")"
    ((SECONDS < deadline)) || fail "the server of $1 was not ready within 20 s; see $log"
    sleep 0.05
  done
}

# Asks a server to stop and waits until it did, so that its files are closed.
stop_server() {
  kill -TERM "$1" 2>/dev/null || return 0
  wait "$1" 2>/dev/null || true
}

# Lets instance $1 push to a server at $2 whose key is $3, under the name $4. The address of a demonstration changes
# with every start, so an older entry is replaced.
set_target() {
  "$tidelock" -C "$1" targets remove "$4" >/dev/null 2>&1 || true
  "$tidelock" -C "$1" targets add "$4" "$2" --key "$3" >/dev/null
}
