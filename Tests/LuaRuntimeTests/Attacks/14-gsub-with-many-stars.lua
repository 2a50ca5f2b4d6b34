-- expect: cpuLimit
local s = ("a"):rep(2^20) s:gsub(("a*"):rep(30) .. "b", "x")
