-- expect: cpuLimit
local function grow(depth)
  if depth == 0 then return end
  for _ = 1, 20 do
    local co = coroutine.wrap(grow)
    co(depth - 1)
  end
end
grow(12)
