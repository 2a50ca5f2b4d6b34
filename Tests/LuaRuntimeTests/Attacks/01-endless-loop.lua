-- expect: cpuLimit: ran out of CPU time
while true do end
