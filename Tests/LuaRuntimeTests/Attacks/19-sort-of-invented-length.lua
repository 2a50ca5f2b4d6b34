-- expect: runtime: table too long
table.sort(setmetatable({}, {__len = function() return 1 << 60 end}))
