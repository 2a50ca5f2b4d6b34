-- expect: runtime: attempt to yield from outside a coroutine
on("f", function() table.sort({ 1, 2 }, coroutine.yield) end)
