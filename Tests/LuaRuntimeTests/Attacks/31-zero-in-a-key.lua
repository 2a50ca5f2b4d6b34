-- expect: ok
assert(app.json.decode('{"a\\u0000b":1}')["a\0b"] == 1)
