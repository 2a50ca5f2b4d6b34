-- expect: ok
on("f", function(items)
  local t = { [items] = 1, [items[1]] = 2, [app.json.null] = 3 }
  assert(t[items] == 1 and t[items[1]] == 2 and t[app.json.null] == 3)
  assert(rawequal(items[1], items[1]) and items[1] == items[1])
end)
