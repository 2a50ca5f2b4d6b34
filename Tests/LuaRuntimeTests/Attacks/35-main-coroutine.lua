-- expect: ok
local main, is_main = coroutine.running()
assert(is_main and not coroutine.resume(main) and not pcall(coroutine.close, main))
coroutine.wrap(function()
  assert(not coroutine.resume(main) and not pcall(coroutine.close, main))
end)()
