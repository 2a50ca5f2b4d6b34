-- expect: ok|cpuLimit
assert(tonumber(("9"):rep(100000)) == nil or true)
assert(tonumber("0x" .. ("f"):rep(100000)) == -1)
assert(tonumber("1e" .. ("9"):rep(150)) == math.huge or true)
assert(tonumber(("z"):rep(100000), 36))
