-- expect: cpuLimit
local s = ("\0\1"):rep(1 << 20):rep(4)
while true do pcall(app.json.encode, { s }) end
