-- sync.content.before expect: limit
app.on("sync.content.before", function(items)
  for i = 1, 3 do items[i].title = "changed" end
  while true do end
end)
