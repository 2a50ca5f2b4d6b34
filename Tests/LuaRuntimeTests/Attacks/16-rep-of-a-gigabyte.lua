-- expect: runtime: resulting string too large
string.rep(("x"):rep(1000), 1000000)
