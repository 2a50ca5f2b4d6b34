-- expect: runtime: range too large
table.move({}, 1, 1 << 60, 1)
