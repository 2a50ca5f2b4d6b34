-- expect: runtime
app.json.decode('"\\ud800"')
