-- expect: cpuLimit
local s = ("ab"):rep(1 << 20):rep(4)
while true do s:upper() s:lower() s:reverse() end
