-- expect: runtime: not enough memory|memoryLimit|cpuLimit
on("f", function(items, ctx)
  local t = { 1 }
  for _ = 1, 60 do t = { t, t } end
  ctx.veto(t)
end)
