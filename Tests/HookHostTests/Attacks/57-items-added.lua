-- sync.content.before expect: failed: added, removed or moved items
app.on("sync.content.before", function(items)
  for i = 1, 10000 do items[#items + 1] = { _id = "new" .. i } end
end)
