-- expect: cpuLimit
local s = ("a"):rep(30) while true do pcall(s.find, s, ("a?"):rep(30) .. ("a"):rep(30)) end
