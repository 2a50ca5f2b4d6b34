-- expect: runtime
string.packsize(("c2147483647"):rep(4))
