-- expect: runtime: nested too deeply, or contains itself
local t = {}
t.t = { t }
return t
