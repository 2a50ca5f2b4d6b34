-- expect: cpuLimit|memoryLimit
while true do pcall(string.rep, ("x"):rep(100000), 500) end
