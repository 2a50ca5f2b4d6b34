-- expect: cpuLimit|memoryLimit|runtime
on("f", function(items, ctx)
  while true do ctx.veto() end
end)
