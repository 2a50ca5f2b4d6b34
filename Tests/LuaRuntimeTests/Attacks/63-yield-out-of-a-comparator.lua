-- expect: runtime: attempt to yield across a C-call boundary
local co = coroutine.wrap(function() table.sort({ 2, 1 }, coroutine.yield) end)
co()
