-- expect: ok
local trap = function() while true do end end
on("f", function()
  return setmetatable({a = 1}, {__index = trap, __pairs = trap, __len = trap, __metatable = trap, __eq = trap})
end)
