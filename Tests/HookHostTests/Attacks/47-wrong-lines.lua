-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  assert(not pcall(app.log, "x", { channel = 1 }) and not pcall(app.log, "x", { context = type }))
  assert(not pcall(app.log) and not pcall(app.log, nil) and not pcall(app.log, "x", "y"))
  app.log("\xff\xfe", { context = { text = "ok" } })
  app.log(("x"):rep(1 << 20), { context = { text = ("x"):rep(1 << 20) } })
end)
