-- expect: runtime: '__index' chain too long
local t = {}
t.__index = t
setmetatable(t, t)
return t.missing
