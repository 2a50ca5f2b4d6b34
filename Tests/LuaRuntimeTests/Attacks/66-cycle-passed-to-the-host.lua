-- expect: runtime: nested too deeply, or contains itself
local t = {}
t[1] = t
seen(t)
