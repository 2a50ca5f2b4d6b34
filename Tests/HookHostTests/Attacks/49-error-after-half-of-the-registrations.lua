-- load expect: rejected: half
app.on("sync.push.finished", function() app.log("never") end, { name = "one" })
error("half")
