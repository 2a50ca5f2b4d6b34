-- expect: memoryLimit|runtime: not enough memory
local t = { ("x"):rep(1 << 20):rep(7) }
for i = 1, 100 do t[i + 1] = { t[1] .. i, table.unpack(t) } end
