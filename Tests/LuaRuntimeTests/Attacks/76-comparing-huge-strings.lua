-- expect: cpuLimit
local s = ("ab"):rep(1 << 20):rep(7)
local a, b = s .. "x", s .. "y"
while true do local _ = a < b or a == b end
