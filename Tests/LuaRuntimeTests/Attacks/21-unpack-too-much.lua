-- expect: runtime: too many results to unpack
table.unpack({}, 1, 1e7)
