--- Answers sync requests only from listed addresses:
---   hooks = { config = { allowed_addresses = { "192.168.1.100", "10.0.0.50" } } }
--- Without a list nobody is answered: what cannot decide stays shut. For whole networks, such as "10.0.0.0/8", the
--- setting server.allow does the same without a handler. Behind a proxy, set server.trustedProxies.

app.on("sync.request.before", function(request, ctx)
  for _, address in ipairs(app.config.allowed_addresses or {}) do
    if address == request.remote_addr then return end
  end
  ctx.deny("sync requests are not accepted from " .. request.remote_addr)
end, { name = "ip-allow-list", priority = 1000 })
