-- expect: cpuLimit
local t = {}
for i = 1, 400000 do t[i] = { i } end
while true do local s = {} for i = 1, 1000 do s[i] = { i } end end
