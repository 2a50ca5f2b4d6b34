--- Sends everything to several backup instances. One that does not answer does not hold up the others; the exit status
--- says that it failed. Meant to run every night: 0 2 * * * tidelock -C /srv/cms run /srv/cms/jobs/backup-content.lua
--- Without `mirror` a backup also keeps what was deleted here.

return {
  target = { "backup-1", "backup-2" },
  mode = "push",
  jobs = {
    { name = "content", syncSettings = { syncAll = true } },
    { name = "assets" },
    { name = "pages", syncSettings = { syncAll = true } },
  },
}
