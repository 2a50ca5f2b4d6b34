-- load expect: rejected
local function f() end
for _, options in ipairs {
  { priority = 1001 }, { priority = math.mininteger }, { priority = 0 / 0 }, { priority = "9" }, { timeout = -1 },
  { timeout = 1e300 }, { timeout = 0 / 0 }, { name = "a\nb" }, { name = "a\27[31m" }, { name = ("x"):rep(101) },
  { name = "" },
  { name = "\xff" }, { models = {} }, { models = { "a\0b" } }, { models = { 1 } }, { targets = "x" },
  { direction = 1 },
  { [1] = 1 }, { name = {} }, { volatile = "yes" }, { on_error = "" },
} do
  assert(not pcall(app.on, "sync.content.before", f, options))
end
