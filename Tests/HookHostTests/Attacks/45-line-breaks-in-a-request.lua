-- sync.push.finished expect: ok
local url = "http://allowed.test/"
local requests = {
  { url = url, method = "GET\r\nX: y" }, { url = url, method = "GET /other HTTP/1.1\r\n\r\nGET" },
  { url = url, method = "" }, { url = url, method = "CONNECT" }, { url = url .. "\r\nX: y" },
  { url = url .. " HTTP/1.1" },
  { url = url, headers = { ["X\r\nY"] = "z" } }, { url = url, headers = { X = "a\nY: b" } },
  { url = url, headers = { ["Content-Length"] = "7" }, body = "x" },
  { url = url, headers = { ["Transfer-Encoding"] = "chunked" } },
  { url = url, headers = { X = {} } }, { url = url, headers = { [""] = "x" } }, { url = url, timeout = -1 },
  { url = url, timeout = 0 / 0 }, { url = url, timeout = math.huge }, { url = url, body = {} },
  { url = url, body = "", json = 1 },
}
app.on("sync.push.finished", function()
  for number, request in ipairs(requests) do
    local ok, message = pcall(app.http.request, request)
    assert(not ok and message:find("app.http.request: ") and not message:find("resolve"),
      number .. " " .. tostring(message))
  end
end)
