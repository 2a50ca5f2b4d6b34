-- expect: ok
local t = {}
t.t = t
assert(tostring(t) == tostring(t.t.t))
