-- sync.push.finished expect: logged: belongs to a call that has ended
app.on("sync.push.finished", function(target, ctx)
  app.async.run(function() app.log(ctx.run) end)
end)
