-- expect: ok|runtime
local value = app.json.decode("[1e400]")[1]
assert(value == math.huge or value == nil)
