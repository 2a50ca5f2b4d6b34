--- Pushes an item to other instances as soon as it is published here, and nothing else with it.
--- Needs hooks = { config = { publish_to = { "production" } } }: names of targets.
--- While a target cannot be reached, the others still get the item, and the event is delivered again until all have
--- it; a target that has it already is left alone.

app.on("content.item.publish", function(model, item, ctx)
  if not item._id then return end -- a singleton: it travels with the next push
  local failures = {}
  for _, name in ipairs(app.config.publish_to or {}) do
    local succeeded, reason = pcall(app.sync.item, name, { model = model, id = item._id })
    if not succeeded then failures[#failures + 1] = name .. ": " .. tostring(reason) end
  end
  if #failures > 0 then error(table.concat(failures, "\n")) end
end, { name = "push-published-items", timeout = 120 })
