-- expect: cpuLimit
local looping = setmetatable({}, {__close = function() while true do end end})
local function nest(depth)
  local x <close> = looping
  if depth > 0 then nest(depth - 1) end
end
nest(150)
