--- Tells the team by mail that a push is complete, and empties the cache.
--- Needs `mail` in tidelock.lua, and hooks = { config = { team = "team@example.com" } }; several addresses may stand
--- in one string, with commas. A mail that cannot be sent is tried again later; the push stays as it is.

app.on("sync.push.finished", function(target, ctx)
  local team = app.config.team or error("set hooks.config.team in tidelock.lua")
  app.mailer.mail(team, "Content pushed to " .. target.uri, "Sync completed successfully.\n\nRun: " .. ctx.run .. "\n")
end, { name = "notify-team", timeout = 60 })

--- A handler of its own, so that the cache is emptied even while no mail can be sent.
app.on("sync.push.finished", function()
  app.cache.flush()
end, { name = "flush-cache" })
