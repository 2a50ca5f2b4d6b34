-- sync.push.finished expect: ok
local urls = {
  "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xA9FEA9FE/",
  "http://0251.0376.0251.0376/",
  "http://[fd00:ec2::254]/", "http://[fe80::1]/", "http://[::ffff:a9fe:a9fe]/", "http://[64:ff9b::a9fe:a9fe]/",
  "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.0.1/", "http://100.64.0.1/", "http://metadata/",
}
app.on("sync.push.finished", function()
  for _, url in ipairs(urls) do
    local ok, message = pcall(app.http.get, url, { timeout = 1 })
    assert(not ok and (message:find("neither a configured target") or message:find("cannot be read")),
      url .. " " .. tostring(message))
  end
end)
