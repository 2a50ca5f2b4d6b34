-- expect: invalidDocument: array has holes
on("f", function(items) items[1].t = {[1000000000] = 1} end)
