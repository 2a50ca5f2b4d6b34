-- expect: memoryLimit
local t = {}
for i = 1, math.huge do t[i] = { i, { i }, tostring(i) } end
