local urls = {}

local staging = "https://staging.lockhouse.example"
local public = "https://www.lockhouse.example"

-- `%` in front of each punctuation mark makes a pattern match it literally.
local pattern = string.gsub(staging, "%p", "%%%0")

--- Replaces the staging address in the given fields. A field without it is left alone, so it also stays
--- byte for byte as it was stored.
function urls.make_public(item, fields)
  for _, field in ipairs(fields) do
    local text = item[field]
    if type(text) == "string" and string.find(text, staging, 1, true) then
      item[field] = string.gsub(text, pattern, public)
    end
  end
end

return urls
