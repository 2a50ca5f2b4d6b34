-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  local accents = "e" .. ("\u{301}"):rep(500000)
  app.log(accents, { channel = accents })
  app.log(("\u{1F468}\u{200D}"):rep(200000), { channel = ("\u{1F468}\u{200D}"):rep(200000) })
end)
