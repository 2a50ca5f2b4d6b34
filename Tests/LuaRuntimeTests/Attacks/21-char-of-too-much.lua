-- expect: runtime: too many results to unpack
string.char(table.unpack({}, 1, 1e7))
