-- expect: cpuLimit
local s = ("\u{10FFFF}"):rep(1 << 20)
while true do for _ in utf8.codes(s) do end end
