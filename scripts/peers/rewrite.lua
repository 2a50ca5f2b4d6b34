-- Parses each line, changes every field at any depth, serialises; prints items per second.
local cjson = require "cjson"

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

local lines = {}
for line in io.lines(arg[1]) do
  lines[#lines + 1] = line
end
local start = os.clock()
local size = 0
for _, line in ipairs(lines) do
  local item = cjson.decode(line)
  local id = item._id
  rewrite(item)
  item._id = id
  size = size + #cjson.encode(item)
end
print(string.format("%.0f", #lines / (os.clock() - start)))
