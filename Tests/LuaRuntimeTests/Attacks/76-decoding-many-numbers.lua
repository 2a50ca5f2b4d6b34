-- expect: cpuLimit
local s = "[" .. ("1,"):rep(1 << 20):rep(3) .. "1]"
while true do pcall(app.json.decode, s) end
