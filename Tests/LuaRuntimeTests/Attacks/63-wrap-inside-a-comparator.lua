-- expect: cpuLimit
while true do
  local t = {}
  for i = 1, 100 do t[i] = -i end
  pcall(table.sort, t, function(a, b)
    return coroutine.wrap(function() while true do if a < b then coroutine.yield(true) end end end)()
  end)
end
