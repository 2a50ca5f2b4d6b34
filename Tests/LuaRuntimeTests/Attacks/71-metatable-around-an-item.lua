-- expect: ok|runtime|invalidDocument
on("f", function(items)
  local trap = function() while true do end end
  items[1].t = setmetatable({ x = 1 }, { __index = trap, __pairs = trap, __len = trap, __newindex = trap })
end)
