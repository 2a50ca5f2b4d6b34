-- expect: runtime: item too large
string.pack("c1000000000", "")
