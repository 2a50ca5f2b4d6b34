-- expect: runtime: range too large
table.concat(setmetatable({}, {__index = table.concat}), "", 1, 1 << 60)
