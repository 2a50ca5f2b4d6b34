-- expect: cpuLimit
local meta = { __lt = function() while true do end end, __le = function() while true do end end }
local a, b = setmetatable({}, meta), setmetatable({}, meta)
while true do pcall(function() return a < b end) pcall(table.sort, { a, b }) end
