-- sync.push.finished expect: failed: cannot be changed
app.on("sync.push.finished", function() rawset(app.config, "x", 1) end)
