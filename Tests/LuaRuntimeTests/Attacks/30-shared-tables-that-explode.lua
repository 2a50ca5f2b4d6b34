-- expect: cpuLimit|runtime|memoryLimit|invalidDocument
on("f", function(items)
  local t = {1}
  for _ = 1, 60 do t = {t, t} end
  items[1].t = t
end)
