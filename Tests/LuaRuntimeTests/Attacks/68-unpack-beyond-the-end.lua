-- expect: runtime: data string too short
string.unpack("s8", ("\xff"):rep(8) .. "x")
