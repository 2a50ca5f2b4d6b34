-- expect: ok
local co
co = coroutine.create(function()
  assert(coroutine.status(co) == "running" and not coroutine.resume(co))
  assert(not pcall(coroutine.close, co))
end)
assert(coroutine.resume(co) and coroutine.status(co) == "dead" and not coroutine.resume(co))
assert(coroutine.close(co))
