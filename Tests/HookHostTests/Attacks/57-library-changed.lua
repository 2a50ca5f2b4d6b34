-- sync.push.finished expect: failed: cannot be changed
app.on("sync.push.finished", function() app.kv.get = function() return "mine" end end)
