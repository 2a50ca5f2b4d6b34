
--- Makes three of a hundred items differ, by the numbers that items.awk gives them.
app.on("sync.content.before", function(items, ctx)
  for _, item in ipairs(items) do
    local number = tonumber(string.match(item.slug or "", "(%d+)$"))
    if number and number % 100 < 3 then item.badge = "of note" end
  end
end, { name = "badge", priority = 40 })
