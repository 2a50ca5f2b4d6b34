-- expect: runtime: xxxxxxxx
error(("x"):rep(50000000 // 7), 0)
