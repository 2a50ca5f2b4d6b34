-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  for _, number in ipairs { -1, 1.5, math.maxinteger, math.huge } do
    assert(not pcall(app.storage.find, "a", { limit = number }) and not pcall(app.storage.find, "a",
      { skip = number }))
  end
  for _, name in ipairs { "../a", "a b", "", "a\0b", "'; DROP TABLE items; --" } do
    assert(not pcall(app.storage.find, name) and not pcall(app.storage.save, name, {}))
  end
  local deep = {}
  for _ = 1, 400 do deep = { deep } end
  assert(not pcall(app.storage.save, "a", { deep = deep }))
  assert(not pcall(app.storage.find, "a", { filter = deep }))
end)
