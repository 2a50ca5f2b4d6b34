-- expect: runtime
return table.unpack(setmetatable({}, {__len = function() return 1 << 60 end}))
