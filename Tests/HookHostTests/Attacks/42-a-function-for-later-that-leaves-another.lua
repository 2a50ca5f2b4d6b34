-- sync.push.finished expect: logged: cannot be called by a function that it runs
local function again() app.async.run(again) end
app.on("sync.push.finished", function() app.async.run(again) end)
