--- Refuses a run whose plan deletes more items than this instance ever should, whatever --allow-deletes says.
--- Ten, or another number: hooks = { config = { most_deletes = 50 } }. Nothing is applied when it refuses.

app.on("sync.plan.ready", function(plan, target, ctx)
  local most = app.config.most_deletes or 10
  if plan.deletes > most then
    local what = "the " .. ctx.direction .. " with " .. target.name .. " would delete " .. plan.deletes .. " items"
    ctx.deny(what .. ", and hooks.config.most_deletes allows " .. most)
  end
end, { name = "limit-deletes" })
