-- expect: cpuLimit
local looping = setmetatable({}, {__close = function() while true do end end})
local co = coroutine.create(function()
  local x <close> = looping
  while true do end
end)
pcall(coroutine.resume, co)
pcall(coroutine.close, co)
while true do end
