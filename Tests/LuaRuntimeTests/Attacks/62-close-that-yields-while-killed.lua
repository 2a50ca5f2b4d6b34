-- expect: cpuLimit
while true do
  local co = coroutine.wrap(function()
    local x <close> = setmetatable({}, { __close = function() coroutine.yield() while true do end end })
    while true do end
  end)
  pcall(co)
  pcall(co)
end
