-- sync.push.finished expect: logged: ran out of CPU time
app.on("sync.push.finished", function()
  app.async.run(function() while true do pcall(function() while true do end end) end end)
end)
