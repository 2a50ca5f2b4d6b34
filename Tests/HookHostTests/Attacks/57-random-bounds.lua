-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  math.random(math.mininteger, math.maxinteger)
  math.random(0)
  assert(not pcall(math.random, 2, 1) and not pcall(math.random, 1.5) and not pcall(math.random, 1, 2, 3))
  assert(not pcall(math.random, 0 / 0) and not pcall(math.random, -1))
end)
