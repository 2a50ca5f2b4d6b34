-- expect: memoryLimit
local t = {}
while true do pcall(function() while true do local n = #t t[n + 1] = function() return n end end end) end
