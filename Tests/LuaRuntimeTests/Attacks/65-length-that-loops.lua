-- expect: cpuLimit
local t = setmetatable({}, { __len = function() while true do end end })
while true do pcall(function() return #t end) pcall(table.insert, t, 1) pcall(table.unpack, t) end
