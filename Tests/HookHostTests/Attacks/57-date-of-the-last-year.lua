-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  for _, time in ipairs { 67768036191676799, -67768040609740800, 1 << 62, math.mininteger, math.maxinteger } do
    pcall(os.date, "*t", time)
    pcall(os.date, "%c %Y %G %C", time)
  end
  pcall(os.time, { year = 2147483647, month = 1, day = 1 })
  pcall(os.time, { year = 1 << 29, month = 1 << 29, day = 1 << 29, hour = -(1 << 29), min = 1 << 29,
    sec = 1 << 29 })
  pcall(os.time, { year = math.mininteger, month = 1, day = 1 })
  assert(not pcall(os.date, ("%c"):rep(200)) and not pcall(os.date, "%") and not pcall(os.date, "%99999d"))
end)
