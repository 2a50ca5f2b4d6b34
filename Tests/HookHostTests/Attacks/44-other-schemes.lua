-- sync.push.finished expect: ok
local urls = {
  "file:///etc/passwd", "gopher://allowed.test/1", "ftp://allowed.test/", "dict://allowed.test/",
  "ldap://allowed.test/",
  "javascript:1", "//allowed.test/", "allowed.test", "", "http:allowed.test", "http:/allowed.test", "http:///",
  "http://allowed.test\0.evil.test/", "http://allowed.test@evil.test/", "http://evil.test#@allowed.test/",
}
app.on("sync.push.finished", function()
  for _, url in ipairs(urls) do
    local ok, message = pcall(app.http.get, url, { timeout = 1 })
    assert(not ok and message:find("app.http.get: ", 1, true), url)
  end
end)
