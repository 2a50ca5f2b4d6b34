-- expect: runtime: format too long
string.pack(("i16"):rep(100000))
