-- expect: cpuLimit
local t = {} for i = 1, 100000 do t[i] = ("\"k%d\":1"):format(i) end local s = "{" .. table.concat(t, ",") .. "}"
while true do pcall(app.json.decode, s) end
