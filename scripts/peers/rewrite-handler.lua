--- Reads and changes every field of an item but its id: what a handler costs that leaves nothing as it was.
local function rewrite(value)
  for key, field in pairs(value) do
    local kind = type(field)
    if kind == "string" then
      value[key] = field .. "."
    elseif kind == "number" then
      value[key] = field + 1
    elseif kind == "boolean" then
      value[key] = not field
    elseif kind == "table" then
      rewrite(field)
    end
  end
end

app.on("sync.content.before", function(items, ctx)
  for _, item in ipairs(items) do
    local id = item._id
    rewrite(item)
    item._id = id
  end
end)
