-- expect: cpuLimit
local s = ("a"):rep(1 << 20):rep(8)
local p = ("a"):rep(1 << 20):rep(7) .. "b"
while true do s:find(p, 1, true) end
