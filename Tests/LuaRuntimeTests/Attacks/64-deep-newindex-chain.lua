-- expect: runtime: '__newindex' chain too long
local t = {}
for _ = 1, 100000 do t = setmetatable({}, { __newindex = t }) end
t.missing = 1
