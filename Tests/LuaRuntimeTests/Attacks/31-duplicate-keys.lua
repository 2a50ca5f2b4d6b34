-- expect: ok
local text = "{" .. ('"k":1,'):rep(200000) .. '"k":2}'
assert(app.json.decode(text).k == 2)
