-- expect: cpuLimit
local meta = { __eq = function() while true do end end }
local a, b = setmetatable({}, meta), setmetatable({}, meta)
while true do pcall(function() return a == b end) end
