-- expect: runtime: coroutines closed inside one another too deeply
local previous
local function make(inner)
  local co = coroutine.create(function()
    local x <close> = setmetatable({}, {__close = function()
      if inner then
        local ok, message = coroutine.close(inner)
        if not ok then error(message, 0) end
      end
    end})
    coroutine.yield()
  end)
  coroutine.resume(co)
  return co
end
for _ = 1, 20000 do previous = make(previous) end
local ok, message = coroutine.close(previous)
error(message, 0)
