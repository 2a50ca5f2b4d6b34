-- expect: runtime: cannot write a number that is not finite to $.t
on("f", function(items) items[1].t = 0 / 0 end)
