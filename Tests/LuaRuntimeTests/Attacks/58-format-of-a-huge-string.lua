-- expect: cpuLimit|memoryLimit|runtime: not enough memory
local s = ("\0\n\""):rep(1 << 20)
while true do pcall(string.format, "%q%s", s, s) end
