-- expect: memoryLimit|runtime: not enough memory|ok
local t = {}
for i = 1, 500000 do t["key" .. i] = i end
seen(t)
