-- expect: ok
pcall = nil
tostring = function() return "mine" end
assert(_G.tostring() == "mine" and rawget(_G, "pcall") == nil)
