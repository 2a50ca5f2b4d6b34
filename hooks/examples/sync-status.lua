--- Answers GET /api/x/sync-status with how the last run ended, for pages and monitors. Served by `tidelock serve`;
--- whether a run is at work right now stands in GET /api/sync/status. Needs no configuration.
--- public = true answers everybody, so it shows no error texts; without it callers need an API key.

app.route("GET", "/sync-status", function(request, ctx)
  local last = app.storage.findOne("sync/log", { sort = { timestamp = -1 } })
  if not last then return { healthy = true, runs = 0 } end
  return {
    healthy = last.status == "committed" or last.status == "unchanged",
    runs = app.storage.count("sync/log"),
    lastSync = { timestamp = last.timestamp, direction = last.direction, target = last.target, status = last.status },
  }
end, { name = "sync-status", public = true })
