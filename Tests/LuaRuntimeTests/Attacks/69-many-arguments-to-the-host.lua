-- expect: ok|runtime
local t = {}
for i = 1, 200000 do t[i] = i end
seen(table.unpack(t))
