-- expect: runtime: cannot write a function to $.f
on("f", function(items) items[1].f = function() end end)
