-- expect: cpuLimit
local function handler(message) return handler(message .. "x") end
while true do xpcall(function() while true do end end, handler) end
