-- expect: runtime: C stack overflow|runtime: stack overflow|memoryLimit
local t = setmetatable({}, {})
getmetatable(t).__add = function(a, b) return 1 + (a + b) end
return t + t
