-- sync.content.before sync.content.before expect: failed: belongs to a call that has ended
local step, state, at
app.on("sync.content.before", function(items)
  if step then step(state, at) end
  step, state, at = pairs(items[1])
end)
