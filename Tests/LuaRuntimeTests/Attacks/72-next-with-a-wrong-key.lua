-- expect: runtime|ok
on("f", function(items)
  pcall(next, items[1], "no such key")
  pcall(next, items[1], {})
  pcall(next, {}, "no such key")
  for k in pairs(items[1]) do items[1][k] = nil items[1]["new" .. k] = 1 if #k > 100 then break end end
end)
