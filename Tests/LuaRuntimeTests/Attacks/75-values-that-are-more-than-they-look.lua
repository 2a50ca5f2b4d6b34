-- expect: runtime: not enough memory|memoryLimit
local leaf, t = {}, {}
for i = 1, 1000 do leaf[i] = true end
for i = 1, 20000 do t[i] = leaf end
seen(t)
