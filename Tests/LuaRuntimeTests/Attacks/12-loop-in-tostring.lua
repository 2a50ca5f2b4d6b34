-- expect: cpuLimit
local t = setmetatable({}, {__tostring = function() while true do end end})
while true do pcall(tostring, t) pcall(string.format, "%s", t) end
