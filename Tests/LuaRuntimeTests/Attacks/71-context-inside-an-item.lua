-- expect: runtime|invalidDocument
on("f", function(items, ctx) items[1].ctx = ctx end)
