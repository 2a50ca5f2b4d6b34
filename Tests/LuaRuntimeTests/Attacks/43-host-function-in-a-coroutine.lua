-- expect: ok
on("f", function()
  local co = coroutine.wrap(function()
    for i = 1, 100 do seen(i) coroutine.yield(i) end
  end)
  for i = 1, 100 do assert(co() == i) end
end)
