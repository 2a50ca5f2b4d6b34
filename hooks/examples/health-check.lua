--- Checks every ten minutes whether targets answer and accept our key, and logs when that has changed.
--- Needs hooks = { config = { health_targets = { "production", "staging" } } }, and `tidelock serve` running; another
--- pace: health_interval = "1m". `tidelock log --channel health` shows the changes.

app.every(app.config.health_interval or "10m", function()
  for _, name in ipairs(app.config.health_targets or {}) do
    local answer = app.sync.check(name)
    local state = answer.success and "connected" or "unreachable"
    -- Kept outside of Lua: the next call may run in another process, or after a restart.
    if app.kv.get(name) ~= state then
      app.kv.set(name, state)
      local reason = answer.success and "" or ": " .. tostring(answer.error)
      app.log(name .. " is " .. state .. reason, { channel = "health", type = answer.success and "notice" or "error" })
    end
  end
end, { name = "health-check", timeout = 120 })
