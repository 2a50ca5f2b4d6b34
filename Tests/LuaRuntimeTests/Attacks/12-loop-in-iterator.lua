-- expect: cpuLimit
while true do
  pcall(function() for _ in function() return 1 end do end end)
end
