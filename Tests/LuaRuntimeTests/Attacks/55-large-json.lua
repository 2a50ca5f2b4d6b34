-- expect: memoryLimit|runtime|cpuLimit
local json = app.json
local text = "[" .. ("[],"):rep(1000000) .. "[]]"
local t = {}
while true do t[#t + 1] = json.decode(text) end
