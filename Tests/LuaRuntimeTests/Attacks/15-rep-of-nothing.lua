-- expect: runtime: count too large
string.rep("", 1 << 62)
