-- expect: runtime|invalidDocument
on("f", function(items) items[1].own = items[1] end)
