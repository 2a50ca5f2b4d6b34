-- expect: cpuLimit
local s = "[" .. ('"\\u0001",'):rep(800000) .. "1]"
while true do pcall(app.json.decode, s) end
