--- Merges items that were edited here since their source sent them: the source's version counts, but fields that only
--- this side knows well keep their value, such as stock and price of a shop.
--- Other fields: hooks = { config = { kept_fields = { "stock" } } }. Belongs into the instance that receives.
--- Without a verdict, as after a delete on one side, the policy of the run decides.

local kept_fields = app.config.kept_fields or { "stock", "price" }

app.on("sync.conflict", function(conflict, ctx)
  local merged, here = conflict.source, conflict.target
  if not merged or not here then return end
  for _, field in ipairs(kept_fields) do
    if here[field] ~= nil then merged[field] = here[field] end
  end
  ctx.resolve(merged)
end, { name = "merge-conflicts" })
