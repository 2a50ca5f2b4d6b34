-- expect: runtime|invalidDocument
on("f", function(items) items[1]["\xff"] = 1 end)
