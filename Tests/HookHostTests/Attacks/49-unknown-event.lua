-- load expect: rejected: Did you mean 'sync.push.finished'?
app.on("sync.push.finishd", function() end)
