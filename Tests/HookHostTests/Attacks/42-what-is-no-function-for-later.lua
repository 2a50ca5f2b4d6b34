-- sync.push.finished expect: failed: the argument must be a function
app.on("sync.push.finished", function()
  app.async.run(setmetatable({}, { __call = function() while true do end end }))
end)
