-- expect: cpuLimit|memoryLimit
local function fail_deeper(depth)
  if depth == 0 then error(("x"):rep(4000)) end
  local _, message = pcall(fail_deeper, depth - 1)
  error(message .. depth, 0)
end
while true do pcall(fail_deeper, 50) end
