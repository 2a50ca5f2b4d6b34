-- expect: runtime: count too large
string.rep("x", 1 << 33)
