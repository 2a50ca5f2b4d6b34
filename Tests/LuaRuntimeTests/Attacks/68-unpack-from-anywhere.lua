-- expect: runtime: initial position out of string
string.unpack("b", "x", 100)
