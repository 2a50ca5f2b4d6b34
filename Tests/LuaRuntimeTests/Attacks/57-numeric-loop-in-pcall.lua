-- expect: cpuLimit
while true do
  pcall(function() for i = 1, math.huge do local x = i end end)
end
