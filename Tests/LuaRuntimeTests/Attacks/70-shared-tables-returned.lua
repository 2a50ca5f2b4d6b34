-- expect: runtime: not enough memory|memoryLimit|cpuLimit
local t = { 1 }
for _ = 1, 60 do t = { t, t } end
return t
