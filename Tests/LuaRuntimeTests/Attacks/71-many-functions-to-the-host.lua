-- expect: cpuLimit|memoryLimit
while true do seen(function() end) end
