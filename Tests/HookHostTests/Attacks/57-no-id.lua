-- sync.content.before expect: failed: changed '_id'
app.on("sync.content.before", function(items) items[1]._id = nil end)
