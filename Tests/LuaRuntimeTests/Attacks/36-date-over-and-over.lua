-- expect: cpuLimit
while true do pcall(os.date, ("%c"):rep(50), 0) end
