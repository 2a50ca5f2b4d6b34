-- expect: cpuLimit
local s = ("x"):rep(1 << 20)
while true do pcall(string.unpack, "z", s) end
