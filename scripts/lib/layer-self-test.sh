# Proves that check-layers accepts a clean package and reports each rule's violation. Sourced by check-layers.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # shared with the script that sources this

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
proved=0

# A package of a few targets in which everything is as it should be.
clean_package() {
  rm -rf "$scratch/Sources"
  mkdir -p "$scratch"/Sources/{SyncEngine,ContentStore,HookHost,SyncServer,LuaKernel,LuaRuntime,ContentModel}
  cat >"$scratch/package.json" <<'JSON'
{"name": "x", "dependencies": [{"name": "y"}], "targets": [
  {"dependencies": [], "name": "ContentModel", "type": "regular"},
  {"dependencies": [], "name": "LuaKernel", "type": "regular"},
  {"dependencies": [{"byName": ["LuaKernel", null]}], "name": "LuaRuntime", "type": "regular"},
  {"dependencies": [{"byName": ["ContentModel", null]}], "name": "SyncEngine", "type": "regular"},
  {"dependencies": [{"target": ["SyncEngine", null]}, {"product": ["GRDB", "GRDB.swift", null, null]}],
   "name": "ContentStore", "type": "regular"},
  {"dependencies": [], "name": "HookHost", "type": "regular"},
  {"dependencies": [], "name": "SyncServer", "type": "regular"},
  {"dependencies": [{"byName": ["ContentStore", null]}], "name": "ContentStoreTests", "type": "test"}
]}
JSON
  echo 'public import ContentModel' >"$scratch/Sources/SyncEngine/Run.swift"
  printf '%s\n' 'import GRDB' '@testable import struct SyncEngine.Run' >"$scratch/Sources/ContentStore/Store.swift"
  echo '#include <lua5.4/lua.h>' >"$scratch/Sources/LuaKernel/kernel.c"
}

outcome() { "$here/check-layers" --sources "$scratch/Sources" --package "$scratch/package.json" 2>&1; }

# `expect FILE LINE MESSAGE`: with that line added to that file, the check fails and says so.
expect() {
  clean_package
  mkdir -p "$(dirname "$scratch/Sources/$1")"
  echo "$2" >>"$scratch/Sources/$1"
  expect_failure "$3"
}

expect_failure() {
  local output
  if output=$(outcome); then fail "self-test: nothing was reported, expected: $1"; fi
  grep -qF "$1" <<<"$output" || fail "self-test: expected: $1
reported: $output"
  proved=$((proved + 1))
}

# `declare_for TARGET DEPENDENCY` adds a dependency to a target that has none.
declare_for() {
  sed -i.old "s/\"dependencies\": \[\], \"name\": \"$1\"/\"dependencies\": [{\"byName\": [\"$2\", null]}], \"name\": \"$1\"/" \
    "$scratch/package.json"
}

clean_package
output=$(outcome) || fail "self-test: a clean package was refused: $output"

expect SyncEngine/A.swift 'import ContentStore' \
  'SyncEngine (rules) uses ContentStore (adapters); a target imports only from lower layers'
expect SyncEngine/A.swift '  @preconcurrency internal import LuaRuntime' 'SyncEngine uses LuaRuntime, which the rules must not know'
expect SyncEngine/A.swift 'import CurlHTTP' 'SyncEngine uses CurlHTTP, which the rules must not know'
expect SyncEngine/A.swift 'import HummingbirdTLS' 'SyncEngine uses HummingbirdTLS, which the rules must not know'
expect ContentStore/A.swift 'import HookHost' 'ContentStore uses HookHost; adapters never import one another'
expect ContentStore/A.swift 'import LuaRuntime' 'imports LuaRuntime, which Package.swift does not declare for it'
expect HookHost/A.swift 'import GRDB' 'HookHost uses GRDB; only ContentStore CockpitWorkingCopy may use it'
expect HookHost/A.swift 'import Hummingbird' 'HookHost uses Hummingbird; only SyncServer may use it'
expect LuaRuntime/A.swift 'import CLua' 'LuaRuntime uses CLua; only LuaKernel may use it'
expect ContentModel/a.h '#  include "lauxlib.h"' 'ContentModel uses lauxlib.h; only CLua LuaKernel may use it'
expect LuaKernel/a.cpp '#include <simdjson.h>' 'LuaKernel uses simdjson.h; only JSONKernel may use it'
expect Forgotten/A.swift 'import Foundation' 'Sources/Forgotten/A.swift:1: Forgotten is no target of Package.swift'

clean_package
declare_for ContentModel SyncEngine
expect_failure 'Package.swift: ContentModel (words) uses SyncEngine (rules)'

clean_package
sed -i.old 's/"name": "HookHost"/"name": "Newcomer"/' "$scratch/package.json"
expect_failure 'Package.swift: Newcomer is in no layer'

echo "the layer check can fail: it found $proved planted violations"
