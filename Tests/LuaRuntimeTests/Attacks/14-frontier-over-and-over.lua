-- expect: cpuLimit
local s = ("a "):rep(2^18) while true do for _ in s:gmatch("%f[%w].-%f[%W].-z") do end end
