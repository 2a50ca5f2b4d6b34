-- expect: cpuLimit
local s = ("aaaa"):rep(1 << 22)
while true do utf8.len(s) end
