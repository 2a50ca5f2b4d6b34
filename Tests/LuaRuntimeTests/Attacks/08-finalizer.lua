-- expect: runtime: __gc is not allowed in a metatable
setmetatable({}, {__gc = function() while true do end end})
collectgarbage("count")
