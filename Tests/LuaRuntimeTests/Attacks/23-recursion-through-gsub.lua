-- expect: runtime: C stack overflow
local function f() return (("a"):gsub(".", f)) end
f()
