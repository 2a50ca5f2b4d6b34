-- expect: cpuLimit
local s = ("%%"):rep(1 << 20):rep(3)
while true do pcall(string.gsub, "a", "a", s) end
