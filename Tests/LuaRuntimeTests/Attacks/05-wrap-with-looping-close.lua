-- expect: cpuLimit
local looping = setmetatable({}, {__close = function() while true do end end})
local f = coroutine.wrap(function()
  local x <close> = looping
  while true do end
end)
f()
