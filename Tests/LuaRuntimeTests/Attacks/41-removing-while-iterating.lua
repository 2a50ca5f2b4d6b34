-- expect: ok
on("f", function(items)
  for i, item in ipairs(items) do
    for k in pairs(item) do item[k] = nil end
    table.remove(items, i)
  end
end)
