--- Fetches the content of production, for a copy to work on. What you changed here is replaced where production has
--- another version; `tidelock rollback` takes that back. With `policy = "target"` your changes stay.

return {
  target = "production",
  mode = "pull",
  jobs = {
    { name = "content", syncSettings = { syncAll = true } },
    { name = "assets" },
  },
}
