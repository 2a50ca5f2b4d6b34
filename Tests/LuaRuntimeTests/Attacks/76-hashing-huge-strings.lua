-- expect: cpuLimit
local s = ("a"):rep(1 << 20):rep(7)
local t = {}
while true do local _ = t[s .. "x"] end
