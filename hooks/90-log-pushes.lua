--- Writes a line into the log once a push has been committed at the other side.
app.on("sync.push.finished", function(target, ctx)
  app.log("Pushed to " .. target.uri, { channel = "sync", type = "info" })
end, { name = "log-pushes" })
