-- expect: wallLimit
while true do pcall(slow) end
