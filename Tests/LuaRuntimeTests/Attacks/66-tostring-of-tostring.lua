-- expect: runtime
local t = setmetatable({}, { __tostring = function(self) return self end })
tostring(t)
