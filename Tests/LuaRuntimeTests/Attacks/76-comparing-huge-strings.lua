-- expect: cpuLimit
local s = ("a"):rep(1 << 20):rep(7)
local a, b = s .. "x", s .. "y"
while true do local _ = a < b or a == b end
