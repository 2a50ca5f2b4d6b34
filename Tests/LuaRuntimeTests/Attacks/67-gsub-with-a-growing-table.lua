-- expect: cpuLimit|memoryLimit|runtime: not enough memory
local replace = setmetatable({}, { __index = function(t, k) t[k] = k .. k return t[k] end })
local s = "a"
while true do s = s:gsub(".+", replace) end
