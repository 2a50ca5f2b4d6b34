-- sync.request.before expect: failed: returned a value
app.on("sync.request.before", function() return { status = 200 } end)
