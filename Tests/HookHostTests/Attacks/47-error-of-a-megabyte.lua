-- sync.push.finished expect: failed: e
app.on("sync.push.finished", function() error("e" .. ("\u{301}"):rep(500000), 0) end)
