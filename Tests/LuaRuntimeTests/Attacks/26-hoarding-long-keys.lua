-- expect: memoryLimit
local t = {}
while true do
  pcall(function()
    while true do t[("k"):rep(1000) .. collectgarbage("count")] = true end
  end)
end
