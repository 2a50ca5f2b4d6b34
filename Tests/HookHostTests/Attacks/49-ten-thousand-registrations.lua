-- sync.push.finished expect: ok
for i = 1, 9990 do app.on("sync.pull.finished", function() end, { name = "handler " .. i }) end
app.on("sync.push.finished", function() end)
