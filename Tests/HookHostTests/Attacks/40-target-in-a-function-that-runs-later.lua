-- sync.push.finished expect: logged: later staging
app.on("sync.push.finished", function(target)
  app.async.run(function() app.log("later " .. target.name) end)
end)
