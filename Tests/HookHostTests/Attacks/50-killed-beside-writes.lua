-- sync.push.finished expect: limit|failed: time was up
app.on("sync.push.finished", function()
  for i = 1, math.huge do app.kv.set("n", i) end
end, { timeout = 0.3 })
