-- expect: cpuLimit|memoryLimit
local t = {}
for i = 1, math.huge do t[("x"):rep(33) .. i .. ("y"):rep(64)] = i end
