-- expect: ok
assert(1 << 64 == 0 and 1 << -1 == 0 and -1 >> 63 == 1 and 1 << math.mininteger == 0 and 1 >> math.maxinteger == 0)
assert(math.tointeger("9223372036854775808") == nil and not pcall(function() return 1.5 | 1 end))
for i = math.maxinteger - 1, math.maxinteger do assert(i > 0) end
for i = math.mininteger, math.mininteger + 2, math.maxinteger do assert(i < 0) end
