--- Asks the target to clear its cache after content was sent, once for each run.
--- Calls /api/cache/clear there; another path: hooks = { config = { purge_path = "/api/x/cache/clear" } }
--- Runs in the background: a purge that fails is logged and keeps nobody waiting. Where it must not be missed, purge
--- without app.async.run and set the key afterwards; then the event is delivered again until the purge succeeds.

app.on("sync.content.after", function(items, target, ctx)
  -- Called for every page of items. Arguments are gone when the function below runs, so it keeps what it needs.
  local run, url = ctx.run, target.uri .. (app.config.purge_path or "/api/cache/clear")
  if app.kv.get("purged") == run then return end
  app.kv.set("purged", run)
  app.async.run(function()
    local response = app.http.get(url, { timeout = 10 })
    if response.status >= 300 then error(url .. " answered with status " .. response.status) end
  end)
end, { name = "purge-target-cache" })
