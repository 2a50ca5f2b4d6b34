-- expect: cpuLimit
local s = ("ab"):rep(1 << 20):rep(8)
while true do s:upper() s:lower() s:reverse() end
