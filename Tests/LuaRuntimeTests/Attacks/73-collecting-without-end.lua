-- expect: runtime: only "count" is available
while true do collectgarbage("collect") end
