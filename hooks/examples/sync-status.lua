--- Answers GET /api/x/sync-status with how the last run ended, with status 503 if that was not well, for pages and
--- monitors. Served by `tidelock serve`; whether a run is at work right now stands in GET /api/sync/status.
--- Needs no configuration. public = true answers everybody, so it shows no addresses and no error texts; without it
--- callers need an API key.

app.route("GET", "/sync-status", function(request, ctx)
  local last = app.storage.findOne("sync/log", { sort = { { timestamp = -1 }, { run = -1 } } })
  if not last then return { healthy = true } end
  local healthy = last.status == "committed" or last.status == "unchanged"
  if not healthy then ctx.status(503) end
  local other = last.target or last.origin or {}
  return {
    healthy = healthy,
    lastSync = { timestamp = last.timestamp, direction = last.direction, peer = other.name, status = last.status },
  }
end, { name = "sync-status", public = true })
