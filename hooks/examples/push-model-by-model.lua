--- Pushes large models one after the other every night, a hundred items a batch, so that each is a run of its own.
--- Needs `tidelock serve` running, and
---   hooks = { config = { push_target = "production", push_models = { "posts", "products" } } }
--- A model that fails does not hold up the others; the log tells which one. "1d" means midnight UTC; another pace:
--- push_interval = "6h".

app.every(app.config.push_interval or "1d", function()
  local target = app.config.push_target or error("set hooks.config.push_target in tidelock.lua")
  for _, model in ipairs(app.config.push_models or {}) do
    local jobs = { { name = "content", syncSettings = { models = { model }, batchSize = 100 } } }
    local succeeded, result = pcall(app.sync.run, target, jobs)
    if succeeded then
      local counts = result.created .. " created, " .. result.updated .. " updated"
      app.log("Pushed " .. model .. " to " .. target .. ": " .. counts, { channel = "sync", type = "info" })
    else
      app.log("Could not push " .. model .. ": " .. tostring(result), { channel = "sync", type = "error" })
    end
  end
end, { name = "push-model-by-model", timeout = 300 })
