-- expect: cpuLimit|memoryLimit|runtime: not enough memory
on("f", function(items, ctx)
  local text = ("x"):rep(1 << 20)
  while true do ctx.veto(items[1], text) end
end)
