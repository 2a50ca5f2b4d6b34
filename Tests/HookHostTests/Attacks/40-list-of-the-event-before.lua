-- sync.content.before sync.content.before expect: failed: belongs to a call that has ended
local kept
app.on("sync.content.before", function(items)
  if kept then for _, item in ipairs(kept) do item.title = "late" end end
  kept = items
end)
