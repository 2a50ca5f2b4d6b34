-- sync.content.before expect: limit|failed|refused
app.on("sync.content.before", function(items, ctx)
  while true do ctx.skip(items[1], "again") end
end)
