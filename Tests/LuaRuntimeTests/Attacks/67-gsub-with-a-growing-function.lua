-- expect: cpuLimit|memoryLimit|runtime: not enough memory
local s = "ab"
while true do s = s:gsub(".", function(c) return c .. c .. c end) end
