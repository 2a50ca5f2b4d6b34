-- expect: runtime: all refused
local old
on("f", function(items, ctx)
  local next_member, next_field = pairs(items[1]), pairs(ctx)
  local others = { 5, "x", {}, true, function() end, coroutine.create(function() end), app.json.null, app }
  for _, f in ipairs { next_member, next_field } do
    assert(not pcall(f) and not pcall(f, nil, 1))
    for _, other in ipairs(others) do assert(not pcall(f, other) and not pcall(f, other, 1)) end
  end
  assert(next_member(items[1]) == "a" and next_member(items[1]) == nil)
  pcall(next_member, items[2])
  pcall(next_member, items)
  pcall(next_field, items[1], "a")
  error("all refused")
end)
