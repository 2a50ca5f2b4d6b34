-- expect: runtime: not enough memory|memoryLimit
local s = "x" while true do s = s .. s end
