--- Sends everything to production: content, files and pages. Nothing is deleted there.
--- First see what it would do:   tidelock run jobs/sync-to-production.lua --dry-run
--- To send it somewhere else:    tidelock run jobs/sync-to-production.lua --target staging

return {
  target = "production", -- as `tidelock targets` names it
  mode = "push",
  jobs = {
    -- Add `mirror = true` to a job to delete there what is gone here.
    { name = "content", syncSettings = { syncAll = true } },
    { name = "assets" },
    { name = "pages", syncSettings = { syncAll = true } },
  },
}
