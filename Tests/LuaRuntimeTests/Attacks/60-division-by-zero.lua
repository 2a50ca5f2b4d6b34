-- expect: runtime: attempt to divide by zero
local function divide(a, b) return a // b end
assert(divide(1.0, 0) == math.huge and math.mininteger // -1 == math.mininteger and math.mininteger % -1 == 0)
assert(not pcall(function() return 1 % 0 end))
divide(1, 0)
