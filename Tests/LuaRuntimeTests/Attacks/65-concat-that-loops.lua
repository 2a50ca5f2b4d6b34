-- expect: cpuLimit
local t = setmetatable({}, { __concat = function(a) while true do end return a end })
while true do pcall(function() return t .. "x" .. t end) end
