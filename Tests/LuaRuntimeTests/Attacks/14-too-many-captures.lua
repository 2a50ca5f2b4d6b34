-- expect: runtime: too many captures
string.find(("a"):rep(100), ("(a?)"):rep(33) .. "b")
