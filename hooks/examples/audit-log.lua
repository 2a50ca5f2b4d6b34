--- Keeps a record of every sync operation in the collection sync/audit_log: pushes and pulls from here, also those
--- that failed, and what others wrote here. `tidelock documents sync/audit_log` shows it. Needs no configuration.

--- `other` is the address or name of the other side. An event may be delivered twice; its id makes the second record
--- replace the first.
local function record(action, other, ctx, failure)
  local user = app.auth.user()
  app.storage.save("sync/audit_log", {
    _id = ctx.delivery_id,
    action = action,
    target = other,
    user = user and user.user or "system",
    timestamp = app.time(),
    run = ctx.run,
    error = failure and failure.code,
  })
end

local options = { name = "audit-log" }

app.on("sync.push.finished", function(target, ctx) record("push", target.uri, ctx) end, options)
app.on("sync.pull.finished", function(target, ctx) record("pull", target.uri, ctx) end, options)
app.on("sync.push.failed", function(target, failure, ctx) record("push", target.uri, ctx, failure) end, options)
app.on("sync.pull.failed", function(target, failure, ctx) record("pull", target.uri, ctx, failure) end, options)
app.on("sync.receive.finished", function(origin, ctx) record("receive", origin.name, ctx) end, options)
