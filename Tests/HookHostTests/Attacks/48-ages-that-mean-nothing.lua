-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  for _, age in ipairs { 0, -1, 0 / 0, math.huge, math.mininteger, 1e18 } do
    assert(not pcall(app.kv.set, "k", 1, age) and not pcall(app.cache.write, "k", 1, age))
  end
end)
