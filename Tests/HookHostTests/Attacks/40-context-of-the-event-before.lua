-- sync.content.before sync.content.before expect: failed: belongs to a call that has ended
local kept
app.on("sync.content.before", function(items, ctx)
  if kept then kept.drop(items[1], "late") end
  kept = ctx
end)
