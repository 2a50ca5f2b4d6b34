--- Rebuilds the search index once content has arrived, by a pull from here or by a push from elsewhere, and says so in
--- the log. Needs no configuration.

local options = { name = "rebuild-search-index", timeout = 300 }

--- `other` is the instance the content came from: a target of ours, or whoever pushed to us.
local function rebuild(other)
  local count = app.search.index()
  local message = "Content arrived from " .. other.name .. "; the search index holds " .. count .. " items"
  app.log(message, { channel = "sync", type = "info" })
end

app.on("sync.pull.finished", rebuild, options)
app.on("sync.receive.finished", rebuild, options)
