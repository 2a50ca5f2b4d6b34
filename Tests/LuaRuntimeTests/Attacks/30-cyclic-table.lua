-- expect: invalidDocument: contains itself
on("f", function(items) local t = {} t.t = {t} items[1].t = t end)
