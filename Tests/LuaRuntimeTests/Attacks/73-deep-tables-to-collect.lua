-- expect: cpuLimit|memoryLimit
local t = {}
while true do t = { t } end
