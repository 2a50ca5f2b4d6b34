-- expect: ok
on("f", function(items, ctx)
  ctx.veto("no")
  items[1].a = nil
  ctx.veto("still no")
end)
