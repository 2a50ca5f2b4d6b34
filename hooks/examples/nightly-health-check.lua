--- Checks all targets at three at night, UTC, and mails the team if one of them is in trouble.
--- Needs `mail` in tidelock.lua, `tidelock serve` running, and
---   hooks = { config = { team = "team@example.com", health_targets = { "production", "staging" } } }
--- Another time: health_cron = "30 5 * * 1-5" (minute, hour, day, month, weekday).

app.cron(app.config.health_cron or "0 3 * * *", function()
  local lines, failures = {}, 0
  for _, name in ipairs(app.config.health_targets or {}) do
    local answer = app.sync.check(name)
    if not answer.success then failures = failures + 1 end
    lines[#lines + 1] = name .. ": " .. (answer.success and "connected" or tostring(answer.error))
  end
  if failures == 0 then return end
  local team = app.config.team or error("set hooks.config.team in tidelock.lua")
  app.mailer.mail(team, failures .. " of " .. #lines .. " sync targets are in trouble", table.concat(lines, "\n"))
end, { name = "nightly-health-check", timeout = 300 })
