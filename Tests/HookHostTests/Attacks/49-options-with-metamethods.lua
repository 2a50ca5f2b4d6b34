-- sync.push.finished expect: ok
local trap = function() while true do end end
local options = setmetatable({ timeout = 5 }, { __index = trap, __pairs = trap, __len = trap })
app.on("sync.push.finished", function() end, options)
