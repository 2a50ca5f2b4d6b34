-- expect: ok|runtime
for _, time in ipairs { 67768036191676799, -67768040609740800, 1 << 62, math.mininteger } do
  pcall(os.date, "*t", time)
  pcall(os.date, "%c", time)
end
pcall(os.time, { year = 2147483647, month = 2147483647, day = 2147483647, hour = 2147483647 })
pcall(os.time, { year = math.mininteger, month = 1, day = 1 })
