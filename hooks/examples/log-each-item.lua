--- Writes a line into the log for every item that a push changed at the target, with its kind and the run beside it.
--- `tidelock log --channel sync` shows the lines. Needs no configuration.

app.on("sync.item.pushed", function(type, target, item, ctx)
  -- Singletons, models and locales have no _id; each is known by another field.
  local id = item._id or item._model or item.name or item.i18n
  app.log("Synced " .. type .. " item " .. tostring(id) .. " to " .. target.uri, {
    channel = "sync",
    type = "info",
    context = { kind = ctx.kind, run = ctx.run },
  })
end, { name = "log-each-item" })
