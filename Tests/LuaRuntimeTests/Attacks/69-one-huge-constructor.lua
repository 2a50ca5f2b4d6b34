-- expect: memoryLimit|runtime: not enough memory
local t = { ("x"):rep(1 << 20):rep(40) }
for i = 1, 100 do t[i] = { table.unpack(t) } t[i][2] = t[1] .. i end
