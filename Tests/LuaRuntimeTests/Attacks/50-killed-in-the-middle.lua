-- expect: cpuLimit
on("f", function(items)
  items[1].a = nil
  while true do end
end)
