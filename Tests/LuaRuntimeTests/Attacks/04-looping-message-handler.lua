-- expect: cpuLimit
local function loop() while true do end end
xpcall(loop, function() while true do end end)
