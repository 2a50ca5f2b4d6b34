-- expect: memoryLimit
local weak = {}
local metatable = setmetatable({}, weak)
weak.__mode = "v"
local hoard = {}
while true do
  metatable.__newindex = {}
  local t = setmetatable({}, metatable)
  for i = 1, 1000 do t["key" .. #hoard .. "-" .. i] = i end
  hoard[#hoard + 1] = metatable.__newindex
end
