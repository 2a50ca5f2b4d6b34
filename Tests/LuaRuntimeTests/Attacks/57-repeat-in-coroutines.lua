-- expect: cpuLimit
repeat
  local co = coroutine.create(function() repeat until false end)
  coroutine.resume(co)
until false
