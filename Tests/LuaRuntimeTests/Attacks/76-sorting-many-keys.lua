-- expect: cpuLimit
local t = {} for i = 1, 300000 do t["k" .. i] = true end
while true do pcall(app.json.encode, t) end
