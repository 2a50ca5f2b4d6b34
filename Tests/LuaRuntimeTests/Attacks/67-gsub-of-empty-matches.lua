-- expect: cpuLimit|memoryLimit|runtime: not enough memory
local s = ("x"):rep(1 << 20)
while true do pcall(string.gsub, s, "", ("y"):rep(1000)) end
