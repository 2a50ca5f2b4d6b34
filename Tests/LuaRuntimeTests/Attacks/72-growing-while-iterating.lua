-- expect: ok|cpuLimit|memoryLimit|runtime
on("f", function(items)
  for i in ipairs(items[1]) do items[1][i + 1] = i end
  for k in pairs(items[1]) do items[1][k .. "x"] = 1 end
end)
