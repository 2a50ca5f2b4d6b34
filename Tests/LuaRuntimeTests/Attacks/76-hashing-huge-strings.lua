-- expect: cpuLimit
local s = ("ab"):rep(1 << 20):rep(10)
local t = {}
while true do local _ = t[s .. "x"] end
