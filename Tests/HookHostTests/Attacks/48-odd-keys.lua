-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  local keys = { "'; DROP TABLE kv; --", "a\0b", "%", "_", "hooks/normal.lua x", "\u{202E}", "../x",
    "x' OR '1'='1" }
  for number, key in ipairs(keys) do app.kv.set(key, number) end
  for number, key in ipairs(keys) do assert(app.kv.get(key) == number) end
  for _, key in ipairs(keys) do app.kv.delete(key) assert(app.kv.get(key) == nil) end
  assert(not pcall(app.kv.set, "", 1) and not pcall(app.kv.set, ("k"):rep(256), 1) and not pcall(app.kv.set,
    "\xff", 1))
  assert(not pcall(app.kv.set, {}, 1) and not pcall(app.kv.set, "k", type) and not pcall(app.kv.set, "k", 0 / 0))
end)
