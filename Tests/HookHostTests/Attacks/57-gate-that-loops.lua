-- sync.request.before expect: limit
app.on("sync.request.before", function() while true do end end)
