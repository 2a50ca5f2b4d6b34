-- expect: runtime: (error object is a table)
error(setmetatable({}, {__name = "<script>"}))
