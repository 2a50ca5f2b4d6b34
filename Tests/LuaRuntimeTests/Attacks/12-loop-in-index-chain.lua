-- expect: cpuLimit
local t = setmetatable({}, {__index = function(self, k) return self[k + 1] end})
while true do pcall(function() return t[1] end) end
