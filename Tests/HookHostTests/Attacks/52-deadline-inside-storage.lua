-- sync.push.finished expect: limit
app.on("sync.push.finished", function()
  while true do pcall(app.storage.count, "a") end
end, { timeout = 0.2 })
