-- expect: cpuLimit|runtime: not enough memory|memoryLimit
local t = {1}
for _ = 1, 60 do t = {t, t} end
while true do pcall(app.json.encode, t) end
