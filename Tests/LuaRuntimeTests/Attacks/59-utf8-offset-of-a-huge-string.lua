-- expect: cpuLimit
local s = ("\x80\x80\x80\x80"):rep(1 << 22)
while true do pcall(utf8.offset, s, 1 << 24) pcall(utf8.offset, s, -(1 << 24)) end
