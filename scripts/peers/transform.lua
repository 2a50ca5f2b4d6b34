-- Parses each line, removes _internalNotes, sets debugMode to false, serialises; prints items per second.
local cjson = require "cjson"

local lines = {}
for line in io.lines(arg[1]) do
  lines[#lines + 1] = line
end
local start = os.clock()
local size = 0
for _, line in ipairs(lines) do
  local item = cjson.decode(line)
  item._internalNotes = nil
  item.debugMode = false
  size = size + #cjson.encode(item)
end
print(string.format("%.0f", #lines / (os.clock() - start)))
