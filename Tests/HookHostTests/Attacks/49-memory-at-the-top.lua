-- load expect: rejected: memory|rejected: ran out of CPU time
local t = {} for i = 1, math.huge do t[i] = { i, tostring(i) } end
