--- Sends translations that production does not have yet. Those that are there stay as they are, so that nobody's
--- corrections are lost.

return {
  target = "production",
  mode = "push",
  jobs = {
    {
      name = "lokalize",
      syncSettings = {
        projects = { "website" }, -- leave this line out for all projects
        missingKeysOnly = true,
      },
    },
  },
}
