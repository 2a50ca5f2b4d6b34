-- expect: runtime
app.json.decode('"\xff\xfe"')
