-- expect: ok
local function plain(text) return not text:find("0x") end
assert(plain(tostring({})) and plain(tostring(function() end)))
assert(plain(tostring(coroutine.create(type))) and plain(string.format("%s", {})) and plain(tostring(string.rep)))
local t = {}
assert(tostring(t) == tostring(t) and tostring(t) ~= tostring({}))
