--- Refuses a run whose plan deletes more items than this instance ever should, whatever --allow-deletes says.
--- Ten, or another number: hooks = { config = { most_deletes = 50 } }. Nothing is applied when it refuses.

app.on("sync.plan.ready", function(plan, target, ctx)
  local most, deletes = app.config.most_deletes or 10, 0
  for _, kind in ipairs(plan.kinds) do deletes = deletes + kind.deletes end
  if deletes > most then
    local what = "the " .. ctx.direction .. " with " .. target.name .. " would delete " .. deletes .. " items"
    ctx.deny(what .. ", and hooks.config.most_deletes allows " .. most)
  end
end, { name = "limit-deletes" })
