-- expect: runtime|invalidDocument
on("f", function(items) items[1].t = "\xff\xfe" end)
