--- Prepares content for the other side: fields for the editors' own desk stay here, debugging is switched off, and
--- items marked as internal are not sent at all. The items here stay as they are.
--- Other fields to strip: hooks = { config = { internal_fields = { "_internalNotes", "editorialStatus" } } }

local internal_fields = app.config.internal_fields or { "_internalNotes" }

app.on("sync.content.before", function(items, ctx)
  for _, item in ipairs(items) do
    for _, field in ipairs(internal_fields) do item[field] = nil end
    if item.debugMode ~= nil then item.debugMode = false end
    if item.isInternal == true then ctx.drop(item, "marked as internal") end
  end
end, { name = "strip-and-transform", priority = 50 })
