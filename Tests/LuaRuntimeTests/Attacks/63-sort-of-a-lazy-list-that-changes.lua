-- expect: ok|runtime
on("f", function(items)
  items[1].list = { 3, 2, 1, 5, 4 }
  local list = items[1].list
  table.sort(list, function(a, b)
    list[#list + 1] = 1
    items[1].list = nil
    return a < b
  end)
end)
