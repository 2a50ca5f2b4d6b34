-- expect: cpuLimit
local function nest(depth)
  while true do
    if depth == 0 then while true do end end
    pcall(nest, depth - 1)
  end
end
nest(150)
