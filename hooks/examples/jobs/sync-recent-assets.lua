--- Sends the files that were added or changed within a week, without those of more than 10 MB. All others are left as
--- they are, on both sides.

local week = 7 * 24 * 60 * 60 -- seconds

return {
  target = "production",
  mode = "push",
  jobs = {
    {
      name = "assets",
      syncSettings = {
        modifiedSince = os.time() - week,
        skipLargeFiles = true,
        maxFileSize = 10 * 1024 * 1024, -- bytes
      },
    },
  },
}
