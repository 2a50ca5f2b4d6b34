-- expect: cpuLimit
local s = "[\"" .. ("\\u0001"):rep(1 << 20) .. "\"]"
while true do pcall(app.json.decode, s) end
