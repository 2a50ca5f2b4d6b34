-- expect: runtime: attempt to yield from outside a coroutine
on("f", function() coroutine.yield(1) end)
