-- expect: runtime: C stack overflow
local function deeper(depth) return coroutine.wrap(deeper)(depth + 1) end
deeper(1)
