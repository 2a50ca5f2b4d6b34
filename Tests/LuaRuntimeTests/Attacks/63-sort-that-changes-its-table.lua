-- expect: ok|runtime: invalid order function|runtime: attempt to compare
local t = {}
for i = 1, 1000 do t[i] = i end
table.sort(t, function(a, b)
  t[#t] = nil
  t[1] = 5
  return (a or 0) < (b or 0)
end)
