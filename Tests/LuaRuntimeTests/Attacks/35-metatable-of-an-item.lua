-- expect: runtime: cannot change a protected metatable
on("f", function(items, ctx)
  assert(getmetatable(items) == false and getmetatable(ctx) == false)
  setmetatable(items[1], {})
end)
