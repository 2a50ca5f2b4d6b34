-- expect: cpuLimit
local s = ("%%"):rep(1 << 20):rep(7)
while true do pcall(string.gsub, "a", "a", s) end
