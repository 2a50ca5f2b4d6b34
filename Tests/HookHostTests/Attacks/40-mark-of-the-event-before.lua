-- sync.content.before sync.content.before expect: failed: belongs to a call that has ended
local drop
app.on("sync.content.before", function(items, ctx)
  if drop then drop(items[1], "late") end
  drop = ctx.drop
end)
