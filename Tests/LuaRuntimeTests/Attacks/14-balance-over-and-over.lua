-- expect: cpuLimit
local s = ("("):rep(2^20) while true do s:gsub("%b()", "x") end
