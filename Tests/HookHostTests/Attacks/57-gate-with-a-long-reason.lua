-- sync.request.before expect: refused: x
app.on("sync.request.before", function(request, ctx) ctx.deny(("x"):rep(1 << 20)) end)
