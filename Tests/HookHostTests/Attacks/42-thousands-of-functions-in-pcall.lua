-- sync.push.finished expect: ok|limit
app.on("sync.push.finished", function()
  for i = 1, 10000 do pcall(app.async.run, function() return i end) end
end)
