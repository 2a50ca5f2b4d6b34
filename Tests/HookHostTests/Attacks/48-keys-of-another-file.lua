-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  for _, key in ipairs { "mine", "hooks/normal.lua mine", "hooks/normal.lua\0mine" } do
    assert(app.kv.get(key) == nil)
  end
end)
