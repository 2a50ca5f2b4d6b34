-- expect: invalidDocument: string and number keys are mixed
on("f", function(items) items[1].t = {[1] = "a", ["1"] = "b"} end)
