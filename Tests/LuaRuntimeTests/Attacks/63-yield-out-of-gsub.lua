-- expect: runtime: attempt to yield across a C-call boundary
local co = coroutine.wrap(function() ("a"):gsub(".", coroutine.yield) end)
co()
