-- sync.push.finished expect: ok
app.on("sync.push.finished", function()
  local co = coroutine.wrap(function()
    for i = 1, 50 do
      app.kv.set("n", i)
      coroutine.yield(app.kv.get("n"))
    end
  end)
  for i = 1, 50 do assert(co() == i) end
end)
