-- sync.push.finished expect: failed: works only while a file is loaded
app.on("sync.push.finished", function()
  app.on("sync.push.finished", function() end, { name = "late" })
end)
