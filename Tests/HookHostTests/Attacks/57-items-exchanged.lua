-- sync.content.before expect: failed
app.on("sync.content.before", function(items) items[1], items[2] = items[2], items[1] end)
