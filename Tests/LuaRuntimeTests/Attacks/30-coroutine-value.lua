-- expect: runtime: cannot write a coroutine to $.t
on("f", function(items) items[1].t = coroutine.create(type) end)
