-- expect: runtime: __mode is not allowed in a metatable
setmetatable({}, { __mode = "k" })
