--- Looks at items that arrive from another instance: notes where they came from, and refuses the whole run if one
--- carries a script in its text. Belongs into the instance that receives.
--- Other fields to look at: hooks = { config = { html_fields = { "body", "teaser" } } }

local html_fields = app.config.html_fields or { "body" }

app.on("sync.content.received", function(items, ctx)
  for _, item in ipairs(items) do
    for _, field in ipairs(html_fields) do
      local text = item[field]
      if type(text) == "string" and string.find(string.lower(text), "<script", 1, true) then
        ctx.veto("item " .. tostring(item._id or item._model) .. " holds a script in " .. field)
      end
    end
    item.receivedFrom = ctx.origin.name
  end
end, { name = "check-arrivals" })
