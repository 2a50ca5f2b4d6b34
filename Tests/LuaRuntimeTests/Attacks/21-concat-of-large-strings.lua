-- expect: runtime: not enough memory|memoryLimit
local s = ("x"):rep(1000000)
local t = {}
for i = 1, 300 do t[i] = s end
local big = table.concat(t)
return #big
