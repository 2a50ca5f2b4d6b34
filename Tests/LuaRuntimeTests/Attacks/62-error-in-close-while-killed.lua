-- expect: cpuLimit
local function broken() error("in close") end
local function nest(depth)
  local x <close> = setmetatable({}, { __close = broken })
  if depth > 0 then nest(depth - 1) end
  while true do pcall(broken) end
end
nest(100)
