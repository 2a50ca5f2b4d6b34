-- expect: cpuLimit
while true do pcall(string.find, ("a"):rep(10000), ".-.-.-.-b$") end
