-- sync.content.before expect: refused: no
app.on("sync.content.before", function(items, ctx)
  ctx.veto("no")
  items[1].title = "changed"
  table.remove(items, 1)
end)
