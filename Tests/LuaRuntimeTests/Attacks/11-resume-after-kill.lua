-- expect: cpuLimit
local inner = coroutine.create(function() while true do end end)
local outer = coroutine.wrap(function()
  while true do coroutine.resume(inner) end
end)
while true do pcall(outer) end
