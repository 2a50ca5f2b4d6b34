-- load expect: rejected: there are more than 10000 handlers
for i = 1, 10001 do app.on("sync.pull.finished", function() end) end
