-- sync.push.finished expect: ok
local urls = {
  "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/",
  "http://0/",
  "http://0.0.0.0/", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/",
  "http://[0:0:0:0:0:ffff:7f00:1]/",
  "http://127.0.0.1.nip.io/", "http://localhost./", "http://LOCALHOST.localdomain/",
}
app.on("sync.push.finished", function()
  for _, url in ipairs(urls) do
    local ok, message = pcall(app.http.get, url, { timeout = 1 })
    assert(not ok and (message:find("neither a configured target") or message:find("not allowed")
      or message:find("cannot be read")), url .. " " .. tostring(message))
  end
end)
