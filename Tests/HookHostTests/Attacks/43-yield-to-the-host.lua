-- sync.push.finished expect: failed: attempt to yield from outside a coroutine
app.on("sync.push.finished", function() coroutine.yield("token", 1) end)
