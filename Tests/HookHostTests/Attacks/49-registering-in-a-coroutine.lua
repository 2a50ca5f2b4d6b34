-- sync.push.finished expect: ok
coroutine.wrap(function() app.on("sync.push.finished", function() end) end)()
