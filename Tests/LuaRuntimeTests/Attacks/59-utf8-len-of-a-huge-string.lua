-- expect: cpuLimit
local s = ("aaaa"):rep(1 << 21)
while true do utf8.len(s) end
