-- sync.content.before sync.content.before expect: failed: belongs to a call that has ended
local kept
app.on("sync.content.before", function(items)
  if kept then kept.title = "late" end
  kept = items[1]
end)
