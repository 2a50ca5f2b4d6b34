-- expect: runtime: nested
app.json.decode(("["):rep(100000) .. ("]"):rep(100000))
