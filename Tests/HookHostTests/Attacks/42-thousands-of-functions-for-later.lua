-- sync.push.finished expect: failed: may leave 64 functions
app.on("sync.push.finished", function()
  for i = 1, 10000 do app.async.run(function() return i end) end
end)
