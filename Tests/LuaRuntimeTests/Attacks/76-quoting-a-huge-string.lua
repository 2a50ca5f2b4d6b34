-- expect: cpuLimit
local s = ("\0001"):rep(1 << 20):rep(3)
while true do pcall(string.format, "%q", s) end
