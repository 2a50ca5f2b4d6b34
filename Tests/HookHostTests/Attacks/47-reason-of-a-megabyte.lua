-- sync.content.before expect: refused: e
app.on("sync.content.before", function(items, ctx)
  ctx.veto("e" .. ("\u{301}"):rep(500000))
end)
