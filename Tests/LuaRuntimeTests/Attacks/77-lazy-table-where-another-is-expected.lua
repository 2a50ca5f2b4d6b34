-- expect: ok|invalidDocument
on("f", function(items, ctx)
  local values = { items, items[1], ctx, app.json.null, app, ctx.veto, seen, 0, "x", {} }
  local functions = {}
  local function collect(library)
    for _, f in pairs(library) do
      if type(f) == "function" then functions[#functions + 1] = f end
      if type(f) == "table" then collect(f) end
    end
  end
  for _, library in ipairs { string, table, math, utf8, os, app, coroutine } do collect(library) end
  for _, f in ipairs { type, next, pairs, ipairs, rawget, rawset, rawlen, rawequal, select, tostring, tonumber,
    setmetatable, getmetatable, assert, error, pcall, xpcall, pairs({}), pairs(items[1]), pairs(items), pairs(ctx),
    (ipairs({})), ("x"):gmatch("x") } do functions[#functions + 1] = f end
  for _, f in ipairs(functions) do
    pcall(f)
    for _, a in ipairs(values) do
      pcall(f, a)
      for _, b in ipairs(values) do
        pcall(f, a, b)
        for _, c in ipairs(values) do pcall(f, a, b, c) end
      end
    end
  end
end)
