-- expect: invalidDocument: nested so deeply
on("f", function(items)
  local t = {}
  for _ = 1, 100000 do t = {t} end
  items[1].t = t
end)
