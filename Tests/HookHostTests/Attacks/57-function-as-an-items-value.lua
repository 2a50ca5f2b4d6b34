-- sync.content.before expect: failed: function
app.on("sync.content.before", function(items) items[1].f = function() end end)
