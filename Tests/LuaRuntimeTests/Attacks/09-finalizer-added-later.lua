-- expect: ok
local metatable = {}
kept = setmetatable({}, metatable)
metatable.__gc = function() while true do end end
