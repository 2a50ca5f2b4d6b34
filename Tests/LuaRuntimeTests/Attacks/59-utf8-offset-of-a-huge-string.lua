-- expect: cpuLimit
local s = ("\x80\x80\x80\x80"):rep(1 << 21)
while true do pcall(utf8.offset, s, 1 << 23) pcall(utf8.offset, s, -(1 << 23)) end
