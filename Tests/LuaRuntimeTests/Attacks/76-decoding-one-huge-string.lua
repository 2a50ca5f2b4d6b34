-- expect: cpuLimit
local s = "[\"" .. ("\\u0001"):rep(1 << 20):rep(2) .. "\"]"
while true do pcall(app.json.decode, s) end
