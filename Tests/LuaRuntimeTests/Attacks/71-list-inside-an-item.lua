-- expect: runtime|invalidDocument
on("f", function(items) items[1].all = items end)
