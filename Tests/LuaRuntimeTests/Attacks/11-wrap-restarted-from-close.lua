-- expect: cpuLimit
local f
f = coroutine.wrap(function()
  local x <close> = setmetatable({}, {__close = function() pcall(f) while true do pcall(f) end end})
  while true do end
end)
pcall(f)
while true do pcall(f) end
