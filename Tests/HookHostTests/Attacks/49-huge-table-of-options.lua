-- load expect: rejected
local options = {}
for i = 1, 100000 do options["option" .. i] = i end
app.on("sync.push.finished", function() end, options)
