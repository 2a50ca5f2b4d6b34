-- sync.content.before expect: failed: half
app.on("sync.content.before", function(items)
  for i = 1, #items do
    items[i].title = "changed"
    if i == 1 then error("half") end
  end
end)
