-- expect: runtime
local t = {}
for _ = 1, 1000 do t = setmetatable({}, { __call = t }) end
return t()
