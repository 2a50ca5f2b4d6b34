-- sync.content.before sync.content.before expect: failed: belongs to a call that has ended
local one = require "lib.kept"
app.on("sync.content.before", function(items)
  if one.item then one.item.title = "late" end
  one.item = items[1]
end)
