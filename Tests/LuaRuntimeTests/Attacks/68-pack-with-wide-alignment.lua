-- expect: runtime
string.pack("!17 Xi17", 1)
