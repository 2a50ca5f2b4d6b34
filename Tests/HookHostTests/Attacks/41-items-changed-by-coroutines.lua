-- sync.content.before expect: ok
app.on("sync.content.before", function(items)
  local function write(value)
    return coroutine.wrap(function()
      for i = 1, 100 do
        items[1].title = value .. i
        coroutine.yield()
      end
    end)
  end
  local one, two = write("one"), write("two")
  for _ = 1, 100 do one() two() end
end)
