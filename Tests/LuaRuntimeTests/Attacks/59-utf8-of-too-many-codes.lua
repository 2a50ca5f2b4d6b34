-- expect: runtime
utf8.char(table.unpack({}, 1, 400000))
