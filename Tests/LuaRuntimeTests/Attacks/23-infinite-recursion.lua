-- expect: runtime: stack overflow|memoryLimit
local function f() return 1 + f() end f()
