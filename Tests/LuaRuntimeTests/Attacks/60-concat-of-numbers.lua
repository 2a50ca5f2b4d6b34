-- expect: cpuLimit|memoryLimit|runtime: not enough memory
local t = {}
for i = 1, 100000 do t[i] = 0.1 + i end
local hoard = {}
while true do hoard[#hoard % 3 + 1] = table.concat(t, ", ") end
