--- Keeps what is meant for the editors' own desk from leaving this instance.
app.on("sync.content.before", function(items, ctx)
  for _, item in ipairs(items) do
    item._internalNotes = nil
    if item.debugMode ~= nil then item.debugMode = false end
  end
end, { name = "strip-internal", priority = 50 })
