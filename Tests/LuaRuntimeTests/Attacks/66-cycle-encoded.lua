-- expect: runtime
local t = {}
t.t = t
app.json.encode(t)
