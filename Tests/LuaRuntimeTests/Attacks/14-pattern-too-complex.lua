-- expect: runtime: pattern too complex
string.find(("a"):rep(1000), ("(a?)"):rep(1) .. ("a?"):rep(400) .. "b")
