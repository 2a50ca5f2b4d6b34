-- expect: runtime: too many items to format|runtime: format too long
string.format(("%d"):rep(100000), table.unpack({}, 1, 100000))
